using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Turns schema documents into nodes, then resolves references until none is left; every fault is collected.</summary>
internal sealed partial class SchemaCompiler
{
    private readonly SchemaDocuments _documents;
    private readonly Dictionary<string, SchemaResource> _resources = new(StringComparer.Ordinal);
    private readonly Queue<PendingReference> _pending = new();
    private readonly List<SchemaFault> _faults = [];
    private int _nodes;

    private SchemaCompiler(SchemaDocuments documents) => _documents = documents;

    /// <summary>Set by keywords that read annotations.</summary>
    public bool TracksEvaluated { get; set; }

    /// <summary>Patterns so far.</summary>
    public int Patterns { get; set; }

    public static CompiledSchema Compile(JsonElement schema, SchemaDocuments documents)
    {
        var compiler = new SchemaCompiler(documents);
        var root = compiler.Load(schema, SchemaUri.Default);
        while (root is not null && compiler._pending.TryDequeue(out var reference))
        {
            compiler.Resolve(reference);
        }

        return root is null || compiler._faults.Count > 0 ? throw new SchemaException(compiler._faults) : new CompiledSchema(root, compiler.TracksEvaluated);
    }

    public void Fault(string location, string message)
    {
        if (_faults.Count < SchemaLimits.Faults)
        {
            _faults.Add(new SchemaFault(location, message));
        }
    }

    public void Enqueue(PendingReference reference) => _pending.Enqueue(reference);

    /// <summary>Makes the node at <paramref name="pointer"/> with everything below it; the same place gives the same node.</summary>
    public SchemaNode Build(SchemaDocument document, string pointer, JsonElement element, SchemaResource resource)
    {
        if (document.Nodes.TryGetValue(pointer, out var existing))
        {
            return existing;
        }

        var node = new SchemaNode(document, pointer, resource);
        document.Nodes.Add(pointer, node);
        if (++_nodes > SchemaLimits.Nodes)
        {
            Fault(node.Location, $"more than {SchemaLimits.Nodes} subschemas; split the schema");
        }
        else if (element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            node.Constant = element.ValueKind == JsonValueKind.True;
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            Identify(node, element);
            node.Keywords = KeywordReader.Read(this, node, element);
        }
        else
        {
            Fault(node.Location, $"a schema must be an object or a boolean, not {Describe.Kind(element)}");
        }

        return node;
    }

    private SchemaNode? Load(JsonElement schema, string uri)
    {
        if (JsonGuard.Check(schema, SchemaLimits.Work) is { } problem)
        {
            Fault((uri == SchemaUri.Default ? "" : uri) + "#" + problem.Pointer, problem.Message);
            return null;
        }

        var document = new SchemaDocument(schema);
        var named = schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("$id", out _);
        var resource = new SchemaResource(uri, document, "", named ? SchemaVocabularies.All : Vocabularies(schema, uri, SchemaVocabularies.All));
        _resources[uri] = resource;
        var root = Build(document, "", schema, resource);
        _resources[uri] = root.Resource;
        return root;
    }

    private void Identify(SchemaNode node, JsonElement schema)
    {
        if (Text(node, schema, "$id") is { } id)
        {
            var uri = SchemaUri.Resolve(node.Resource.Uri, id);
            if (uri is null || SchemaUri.Split(id).Fragment.Length > 0)
            {
                Fault(node.Location + "/$id", "must be a URI reference without fragment; name places in a schema with $anchor");
            }
            else
            {
                node.Resource = new SchemaResource(uri, node.Document, node.Pointer, Vocabularies(schema, uri, node.Resource.Vocabularies));
                if (_resources.TryGetValue(uri, out var other) && (other.Document != node.Document || other.Pointer != node.Pointer))
                {
                    Fault(node.Location, $"two schemas have the $id {Describe.Name(uri)}");
                }

                _resources[uri] = node.Resource;
            }
        }

        Anchor(node, schema, "$anchor", dynamic: false);
        Anchor(node, schema, "$dynamicAnchor", dynamic: true);
    }

    private void Anchor(SchemaNode node, JsonElement schema, string keyword, bool dynamic)
    {
        if (Text(node, schema, keyword) is not { } name)
        {
            return;
        }

        if (name.Length == 0 || !(char.IsAsciiLetter(name[0]) || name[0] == '_') || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            Fault($"{node.Location}/{keyword}", "must start with a letter or _ and hold only letters, digits, '-', '_' and '.'");
        }
        else if (node.Resource.Anchors.TryGetValue(name, out var other) && other != node)
        {
            Fault($"{node.Location}/{keyword}", $"the anchor {Describe.Name(name)} is used twice");
        }
        else
        {
            node.Resource.Anchors[name] = node;
            if (dynamic)
            {
                node.Resource.DynamicAnchors[name] = node;
            }
        }
    }

    private SchemaVocabularies Vocabularies(JsonElement schema, string uri, SchemaVocabularies inherited)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("$schema", out var value))
        {
            return inherited;
        }

        var location = (uri == SchemaUri.Default ? "" : uri) + "#/$schema";
        if (value.ValueKind != JsonValueKind.String || SchemaUri.Resolve(uri, value.GetString()!) is not { } dialect)
        {
            Fault(location, "must be a URI");
            return inherited;
        }

        if (dialect == MetaSchemas.Root)
        {
            return SchemaVocabularies.All;
        }

        if (!_documents.TryGet(dialect, out var meta))
        {
            Fault(location, $"{Describe.Name(dialect)} is not a known dialect; use {MetaSchemas.Root} or leave $schema out");
            return inherited;
        }

        var (vocabularies, fault) = VocabularyReader.Read(meta.Value);
        if (fault is not null)
        {
            Fault(location, fault);
        }

        return vocabularies;
    }

    private string? Text(SchemaNode node, JsonElement schema, string keyword)
    {
        if (!schema.TryGetProperty(keyword, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Fault($"{node.Location}/{keyword}", $"must be a string, not {Describe.Kind(value)}");
            return null;
        }

        return value.GetString();
    }
}
