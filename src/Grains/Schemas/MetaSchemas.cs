using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>The meta-schemas of draft 2020-12, without titles and defaults.</summary>
internal static class MetaSchemas
{
    public const string Base = "https://json-schema.org/draft/2020-12/";
    public const string Root = Base + "schema";
    public const string Vocabulary = Base + "vocab/";

    public static IReadOnlyDictionary<string, JsonElement> Documents { get; } = Create();

    private static Dictionary<string, JsonElement> Create()
    {
        var documents = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        Add("schema", ["core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content"], MetaSchemaTexts.Schema);
        Add("meta/core", ["core"], MetaSchemaTexts.Core);
        Add("meta/applicator", ["applicator"], MetaSchemaTexts.Applicator);
        Add("meta/unevaluated", ["unevaluated"], MetaSchemaTexts.Unevaluated);
        Add("meta/validation", ["validation"], MetaSchemaTexts.Validation);
        Add("meta/meta-data", ["meta-data"], MetaSchemaTexts.MetaData);
        Add("meta/format-annotation", ["format-annotation"], """ "properties": { "format": { "type": "string" } } """);
        Add("meta/format-assertion", ["format-assertion"], """ "properties": { "format": { "type": "string" } } """);
        Add("meta/content", ["content"], MetaSchemaTexts.Content);
        return documents;

        void Add(string name, string[] vocabularies, string body)
        {
            var listed = string.Join(',', vocabularies.Select(v => $"\"{Vocabulary}{v}\": true"));
            var head = $$""" "$schema": "{{Root}}", "$id": "{{Base}}{{name}}", "$vocabulary": { {{listed}} }, "$dynamicAnchor": "meta", "type": ["object", "boolean"], """;
            documents[Base + name] = JsonElement.Parse("{" + head + body + "}");
        }
    }
}
