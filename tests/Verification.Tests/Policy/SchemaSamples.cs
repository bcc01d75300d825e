using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Schemas;
using Actors.Verification.Policy;

namespace Actors.Verification.Tests.Policy;

/// <summary>Holds policies against the JSON Schema, as an editor does.</summary>
internal static class SchemaSamples
{
    private static readonly JsonSchema Schema = JsonSchema.Compile(JsonElement.Parse(PolicySchema.Text));

    public static bool Accepts(string yaml) =>
        Schema.Validate(JsonSerializer.SerializeToElement(ToJson(PolicyYaml.Parse(yaml)))).Count == 0;

    private static JsonNode? ToJson(PolicyNode node) => node switch
    {
        PolicyMap map => new JsonObject(map.Entries.DistinctBy(e => e.Key.Value).Select(e => KeyValuePair.Create(e.Key.Value, ToJson(e.Value)))),
        PolicyList list => new JsonArray([.. list.Items.Select(ToJson)]),
        PolicyScalar { Plain: true, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        PolicyScalar { Plain: true } number when decimal.TryParse(number.Value, NumberStyles.Number, CultureInfo.InvariantCulture, out var value) => JsonValue.Create(value),
        PolicyScalar text => JsonValue.Create(text.Value),
        _ => null,
    };
}
