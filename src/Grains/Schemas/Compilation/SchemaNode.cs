using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>One compiled subschema.</summary>
internal sealed class SchemaNode(SchemaDocument document, string pointer, SchemaResource resource)
{
    public SchemaDocument Document { get; } = document;

    /// <summary>JSON Pointer from the document's root.</summary>
    public string Pointer { get; } = pointer;

    /// <summary>The resource this node belongs to: its own when it has an <c>$id</c>.</summary>
    public SchemaResource Resource { get; set; } = resource;

    /// <summary>Set for <c>true</c> and <c>false</c>.</summary>
    public bool? Constant { get; set; }

    /// <summary>In order of evaluation: what depends on annotations comes last.</summary>
    public IReadOnlyList<Keyword> Keywords { get; set; } = [];

    public string Location => Resource.Display + "#" + (Pointer.StartsWith(Resource.Pointer, StringComparison.Ordinal) ? Pointer[Resource.Pointer.Length..] : Pointer);
}

/// <summary>A JSON document that holds schemas.</summary>
internal sealed class SchemaDocument(JsonElement root)
{
    public JsonElement Root { get; } = root;

    /// <summary>By JSON Pointer.</summary>
    public Dictionary<string, SchemaNode> Nodes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A schema resource: what an <c>$id</c> or a document's URI names.</summary>
internal sealed class SchemaResource(string uri, SchemaDocument document, string pointer, SchemaVocabularies vocabularies)
{
    public string Uri { get; } = uri;

    public SchemaDocument Document { get; } = document;

    public string Pointer { get; } = pointer;

    public SchemaVocabularies Vocabularies { get; } = vocabularies;

    public Dictionary<string, SchemaNode> Anchors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, SchemaNode> DynamicAnchors { get; } = new(StringComparer.Ordinal);

    public string Display => Uri == SchemaUri.Default ? "" : Uri;
}

/// <summary>The result of compiling.</summary>
/// <param name="Root">Where evaluation starts.</param>
/// <param name="TracksEvaluated">True when some <c>unevaluated*</c> keyword needs to know what was evaluated.</param>
internal sealed record CompiledSchema(SchemaNode Root, bool TracksEvaluated);
