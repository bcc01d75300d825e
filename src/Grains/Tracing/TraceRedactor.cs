using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tracing;

/// <summary>What must not enter a trace or a view.</summary>
public sealed record RedactionOptions
{
    /// <summary>Patterns (regular expressions, case ignored) of property names whose value is replaced.</summary>
    public IReadOnlyList<string> Keys { get; init; } =
    [
        "passw(or)?d", "passphrase", "secret", "(^|[-_.])token$", "api[-_]?key", "authorization", "cookie", "credential", "private[-_]?key",
    ];

    /// <summary>Paths in an entry's data whose value is replaced, such as <c>arguments.card</c> or <c>result.content.*.text</c>; <c>*</c> stands for any one name or index.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>A folder whose files hold secret values, one per file; null for none.</summary>
    public string? SecretsDirectory { get; init; }
}

/// <summary>Replaces secrets in what is about to be stored or shown.</summary>
internal sealed class TraceRedactor
{
    private const int LargestSecret = 64 * 1024;
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
            JsonValue v when v.TryGetValue<string>(out var text) => JsonValue.Create(_scrubber.Scrub(text)),
            _ => node?.DeepClone(),
        };
    }

    private JsonObject Redact(JsonObject source, List<string> path)
    {
        var copy = new JsonObject();
        foreach (var (name, value) in source)
        {
            var hide = value is not null && _keys?.IsMatch(name) == true;
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

    private static bool Matches(string[] pattern, List<string> path) =>
        pattern.Length == path.Count && pattern.Zip(path).All(pair => pair.First == "*" || pair.First == pair.Second);

    private static IEnumerable<string> Values(string directory) => Directory.EnumerateFiles(directory)
        .Where(f => new FileInfo(f).Length <= LargestSecret)
        .Select(File.ReadAllText);
}
