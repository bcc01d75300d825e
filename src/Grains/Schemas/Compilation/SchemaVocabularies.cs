using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>The vocabularies that a meta-schema switches on; core is always on.</summary>
[Flags]
internal enum SchemaVocabularies
{
    None = 0,
    Applicator = 1,
    Unevaluated = 2,
    Validation = 4,
    Annotations = 8,
    All = Applicator | Unevaluated | Validation | Annotations,
}

internal static class VocabularyReader
{
    /// <summary>Reads <c>$vocabulary</c> of a meta-schema; the fault names a required vocabulary that is not supported.</summary>
    public static (SchemaVocabularies Vocabularies, string? Fault) Read(JsonElement metaSchema)
    {
        if (metaSchema.ValueKind != JsonValueKind.Object || !metaSchema.TryGetProperty("$vocabulary", out var listed) || listed.ValueKind != JsonValueKind.Object)
        {
            return (SchemaVocabularies.All, null);
        }

        var found = SchemaVocabularies.None;
        foreach (var entry in listed.EnumerateObject())
        {
            var known = Known(entry.Name);
            if (known is null && entry.Value.ValueKind == JsonValueKind.True)
            {
                return (found, $"the meta-schema requires the vocabulary {Describe.Name(entry.Name)}, which is not supported");
            }

            found |= known ?? SchemaVocabularies.None;
        }

        return (found, null);
    }

    private static SchemaVocabularies? Known(string uri) => !uri.StartsWith(MetaSchemas.Vocabulary, StringComparison.Ordinal) ? null : uri[MetaSchemas.Vocabulary.Length..] switch
    {
        "core" => SchemaVocabularies.None,
        "applicator" => SchemaVocabularies.Applicator,
        "unevaluated" => SchemaVocabularies.Unevaluated,
        "validation" => SchemaVocabularies.Validation,
        "meta-data" or "format-annotation" or "content" => SchemaVocabularies.Annotations,
        _ => null,
    };
}
