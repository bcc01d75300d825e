using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Actors.Grains.Interfaces;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tracing;

/// <summary>What must not enter a trace or a view.</summary>
public sealed record RedactionOptions
{
    /// <summary>Patterns (regular expressions, case ignored) of property names whose value is replaced.</summary>
    public IReadOnlyList<string> Keys { get; init; } =
    [
        "passw(or)?d", "passphrase", "^pwd$", "secret", "token$", "(access|refresh|api|auth|id)[-_]?tokens$", "bearer", "api[-_]?key", "authorization", "cookie", "credential", "private[-_]?key",
    ];

    /// <summary>Paths in an entry's data whose value is replaced, such as <c>arguments.card</c> or <c>result.content.*.text</c>; <c>*</c> stands for any one name or index.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>A folder whose files hold secret values, one per file; null for none.</summary>
    public string? SecretsDirectory { get; init; }
}

/// <summary>Replaces secrets in what is about to be stored or shown.</summary>
internal sealed class TraceRedactor
{
    private const int DeepestEmbedded = 32;

    // No path of the configuration begins so: it holds for the entry alone.
    private const string Inside = "\0";
    private const int MostKnown = 4096;
    private const int LongestKnown = 64;
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly Regex? _keys;
    private readonly string[][] _paths;
    private readonly SecretScrubber _scrubber;

    public TraceRedactor(RedactionOptions options)
    {
        _keys = options.Keys.Count == 0
            ? null
            : new Regex(string.Join('|', options.Keys.Select(k => $"(?:{k})")), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        _paths = [.. options.Paths.Select(p => p.Split('.'))];
        _scrubber = options.SecretsDirectory is { } directory ? new SecretScrubber(Values(directory)) : SecretScrubber.None;
    }

    /// <summary>A redacted copy.</summary>
    public JsonNode? Redact(JsonNode? node) => Redact(node, []);

    /// <summary>The same of an object; itself when nothing has to be replaced.</summary>
    public JsonElement Redact(JsonElement data) =>
        _paths.Length == 0 && IsClean(data) ? data : JsonSerializer.SerializeToElement(Redact(JsonObject.Create(data)), ActorsJson.Options);

    /// <summary>Text with known secrets replaced.</summary>
    public string Redact(string text) => _scrubber.Scrub(text);

    /// <summary>True when the other way would change nothing; false says only that it has to look.</summary>
    private bool IsClean(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    var name = member.Name;
                    if ((member.Value.ValueKind != JsonValueKind.Null && IsSensitive(name)) || !ReferenceEquals(_scrubber.Scrub(name), name) || !IsClean(member.Value))
                    {
                        return false;
                    }
                }

                return true;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (!IsClean(item))
                    {
                        return false;
                    }
                }

                return true;
            case JsonValueKind.String:
                var text = value.GetString()!;
                return !MayEmbed(text) && ReferenceEquals(_scrubber.Scrub(text), text);
            default:
                return true;
        }
    }

    private bool IsSensitive(string name)
    {
        if (_keys is null)
        {
            return false;
        }

        if (_known.TryGetValue(name, out var sensitive))
        {
            return sensitive;
        }

        sensitive = _keys.IsMatch(name);

        // Names come from servers too: what is kept of them is bounded.
        if (name.Length <= LongestKnown && _known.Count < MostKnown)
        {
            _known.TryAdd(name, sensitive);
        }

        return sensitive;
    }

    private JsonNode? Redact(JsonNode? node, List<string> path)
    {
        if (Array.Exists(_paths, p => Matches(p, path)))
        {
            return JsonValue.Create(SecretScrubber.Mask);
        }

        return node switch
        {
            JsonObject o => Redact(o, path),
            JsonArray a => new JsonArray([.. a.Select((item, i) => Child(item, i.ToString(System.Globalization.CultureInfo.InvariantCulture), path))]),
            JsonValue v when v.TryGetValue<string>(out var text) => JsonValue.Create(_scrubber.Scrub(Embedded(text))),
            _ => node?.DeepClone(),
        };
    }

    /// <summary>MCP servers often answer with JSON inside a text: its sensitive names count too. Other text stays as it is, to the character.</summary>
    private string Embedded(string text)
    {
        if (!MayEmbed(text))
        {
            return text;
        }

        try
        {
            var inside = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = DeepestEmbedded });
            var redacted = Redact(inside, [Inside]);
            return JsonNode.DeepEquals(inside, redacted) ? text : redacted!.ToJsonString(ActorsJson.Options);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return text;
        }
    }

    private JsonObject Redact(JsonObject source, List<string> path)
    {
        var copy = new JsonObject();
        foreach (var (name, value) in source)
        {
            var hide = value is not null && IsSensitive(name);
            copy[_scrubber.Scrub(name)] = hide ? JsonValue.Create(SecretScrubber.Mask) : Child(value, name, path);
        }

        return copy;
    }

    private JsonNode? Child(JsonNode? value, string name, List<string> path)
    {
        path.Add(name);
        var result = Redact(value, path);
        path.RemoveAt(path.Count - 1);
        return result;
    }

    private static bool MayEmbed(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..];

    private static bool Matches(string[] pattern, List<string> path) =>
        pattern.Length == path.Count && pattern.Zip(path).All(pair => pair.First == "*" || pair.First == pair.Second);

    private static IEnumerable<string> Values(string directory) => Directory.EnumerateFiles(directory).Select(File.ReadAllText);
}
