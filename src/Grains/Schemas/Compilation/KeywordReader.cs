using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Reads the keywords of one schema object; a value of a wrong type is a fault of the schema.</summary>
internal sealed class KeywordReader
{
    private readonly SchemaCompiler _compiler;
    private readonly JsonElement _schema;
    private readonly List<Keyword> _keywords = [];

    private KeywordReader(SchemaCompiler compiler, SchemaNode node, JsonElement schema)
    {
        _compiler = compiler;
        Node = node;
        _schema = schema;
    }

    public SchemaNode Node { get; }

    public static IReadOnlyList<Keyword> Read(SchemaCompiler compiler, SchemaNode node, JsonElement schema)
    {
        var reader = new KeywordReader(compiler, node, schema);
        var vocabularies = node.Resource.Vocabularies;
        CoreVocabulary.Read(reader);
        if (vocabularies.HasFlag(SchemaVocabularies.Validation))
        {
            ValidationVocabulary.Read(reader);
        }

        if (vocabularies.HasFlag(SchemaVocabularies.Applicator))
        {
            ApplicatorVocabulary.Read(reader);
        }

        if (vocabularies.HasFlag(SchemaVocabularies.Annotations))
        {
            AnnotationVocabulary.Read(reader);
        }

        if (vocabularies.HasFlag(SchemaVocabularies.Unevaluated))
        {
            UnevaluatedVocabulary.Read(reader);
        }

        return reader._keywords;
    }

    public void Add(Keyword keyword)
    {
        _keywords.Add(keyword);
        _compiler.TracksEvaluated |= keyword.ReadsEvaluated;
    }

    public void Fault(string place, string message) => _compiler.Fault($"{Node.Location}/{place}", message);

    public bool Has(string name) => _schema.TryGetProperty(name, out _);

    public JsonElement? Any(string name) => _schema.TryGetProperty(name, out var value) ? value : null;

    public void Refer(string keyword, Action<SchemaNode, string> found)
    {
        if (Text(keyword) is { } reference)
        {
            _compiler.Enqueue(new PendingReference(Node, keyword, reference, found));
        }
    }

    public SchemaNode? Schema(string name) => Any(name) is { } value ? Build(name, value) : null;

    public IReadOnlyList<SchemaNode>? SchemaList(string name)
    {
        if (Of(name, JsonValueKind.Array, "a list of schemas") is not { } value)
        {
            return null;
        }

        if (value.GetArrayLength() == 0)
        {
            Fault(name, "must list at least one schema");
        }

        return [.. value.EnumerateArray().Select((item, i) => Build($"{name}/{i}", item))];
    }

    public IReadOnlyDictionary<string, SchemaNode>? SchemaMap(string name) => Of(name, JsonValueKind.Object, "an object of schemas") is not { } value
        ? null
        : value.EnumerateObject().ToDictionary(p => p.Name, p => Build($"{name}/{JsonPointer.Escape(p.Name)}", p.Value), StringComparer.Ordinal);

    public string? Text(string name) => Of(name, JsonValueKind.String, "a string")?.GetString();

    public bool Flag(string name)
    {
        if (Any(name) is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } value)
        {
            Fault(name, $"must be true or false, not {Describe.Kind(value)}");
        }

        return Any(name) is { ValueKind: JsonValueKind.True };
    }

    public JsonNumber? Number(string name) => Of(name, JsonValueKind.Number, "a number") is { } value ? JsonNumber.Parse(value) : null;

    /// <summary>A whole number from 0; larger than any count becomes <see cref="long.MaxValue"/>.</summary>
    public long? Count(string name)
    {
        if (Number(name) is not { } number)
        {
            return null;
        }

        if (number.Sign < 0 || !number.IsInteger)
        {
            Fault(name, "must be a whole number of 0 or more");
            return null;
        }

        return number.ToCount();
    }

    public IReadOnlyList<string>? Names(string name) => Any(name) is { } value ? Names(name, value) : null;

    public IReadOnlyList<string>? Names(string place, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(i => i.ValueKind != JsonValueKind.String))
        {
            Fault(place, "must be a list of property names");
            return null;
        }

        string[] names = [.. value.EnumerateArray().Select(i => i.GetString()!)];
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            Fault(place, "lists a name twice");
        }

        return names;
    }

    public SchemaPattern? Pattern(string place, string pattern)
    {
        string? problem = $"a schema may hold {SchemaLimits.Patterns} patterns";
        var compiled = _compiler.Patterns++ < SchemaLimits.Patterns ? SchemaPattern.TryCompile(pattern, out problem) : null;
        if (compiled is null)
        {
            Fault(place, $"the pattern {Describe.Name(pattern)} is not valid: {problem}");
        }

        return compiled;
    }

    public JsonElement? Of(string name, JsonValueKind kind, string expected)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != kind)
        {
            Fault(name, $"must be {expected}, not {Describe.Kind(value)}");
            return null;
        }

        return value;
    }

    private SchemaNode Build(string place, JsonElement value) => _compiler.Build(Node.Document, $"{Node.Pointer}/{place}", value, Node.Resource);
}
