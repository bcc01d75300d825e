using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>The documents that a schema may refer to by absolute URI, all in memory. The 2020-12 meta-schemas are always there.</summary>
public sealed class SchemaDocuments
{
    private readonly Dictionary<string, JsonElement> _documents = new(StringComparer.Ordinal);

    /// <summary>Takes schemas by absolute URI without fragment.</summary>
    /// <exception cref="ArgumentException">A key is no absolute URI.</exception>
    public SchemaDocuments(IReadOnlyDictionary<string, JsonElement> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        foreach (var (uri, document) in documents)
        {
            var key = SchemaUri.Resolve(SchemaUri.Default, uri);
            if (key is null || !SchemaUri.HasScheme(uri))
            {
                throw new ArgumentException($"'{uri}' is not an absolute URI; key each document by its full URI.", nameof(documents));
            }

            _documents[key] = document.Clone();
        }
    }

    /// <summary>Only the meta-schemas.</summary>
    public static SchemaDocuments None { get; } = new(new Dictionary<string, JsonElement>(StringComparer.Ordinal));

    internal bool TryGet(string uri, [NotNullWhen(true)] out JsonElement? document)
    {
        document = _documents.TryGetValue(uri, out var own) || MetaSchemas.Documents.TryGetValue(uri, out own) ? own : null;
        return document is not null;
    }
}
