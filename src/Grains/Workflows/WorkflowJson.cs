using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Workflows;

/// <summary>Definitions as JSON, for the durable state of a run.</summary>
public static class WorkflowJson
{
    /// <summary>Writes every field; <see cref="Read"/> gives an equal definition back.</summary>
    public static JsonElement Write(WorkflowDefinition definition) => JsonSerializer.SerializeToElement(definition, ContractJson.Options);

    /// <exception cref="JsonException">It is no definition.</exception>
    public static WorkflowDefinition Read(JsonElement json) =>
        json.Deserialize<WorkflowDefinition>(ContractJson.Options) ?? throw new JsonException("A workflow definition is expected, not null.");

    /// <summary>SHA-256 (lower-case hex) over JSON without white space, with names sorted by UTF-16 code unit at every level.</summary>
    public static string Hash(WorkflowDefinition definition)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteSorted(writer, Write(definition));
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    private static void WriteSorted(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject();
            foreach (var member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
            {
                writer.WritePropertyName(member.Name);
                WriteSorted(writer, member.Value);
            }

            writer.WriteEndObject();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in value.EnumerateArray())
            {
                WriteSorted(writer, item);
            }

            writer.WriteEndArray();
        }
        else
        {
            value.WriteTo(writer);
        }
    }
}
