using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Actors.Verification.Policy;

namespace Actors.Access.Rules;

/// <summary>Loads <c>access.yaml</c>, all or nothing.</summary>
internal sealed class AccessLoader
{
    private const int MaxFileBytes = 256 * 1024;
    private const int MaxGrants = 500;
    private const int MaxEntries = 200;
    private const int MaxAmount = 1_000_000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly Dictionary<string, Verb> Verbs = new(StringComparer.Ordinal)
    {
        ["run"] = Verb.Run,
        ["read_own"] = Verb.ReadOwn,
        ["read_all"] = Verb.ReadAll,
        ["approve"] = Verb.Approve,
        ["cancel"] = Verb.Cancel,
        ["operate"] = Verb.Operate,
    };

    private readonly PolicyReader _reader;

    private AccessLoader(string file) => _reader = new PolicyReader(file);

    /// <summary>The verbs as they are written.</summary>
    public static IReadOnlyDictionary<string, Verb> VerbsByName => Verbs;

    /// <summary>Tries to load; faults are a result.</summary>
    public static Loaded<AccessRules> Load(string path)
    {
        var loader = new AccessLoader(path);
        var (stamp, bytes) = FileStamp.Take(Path.GetFullPath(path), MaxFileBytes);
        var rules = loader.Parse(stamp, bytes) is { } root ? loader.Rules(root, bytes!) : null;
        return new Loaded<AccessRules>(loader._reader.Faults.Count == 0 ? rules : null, [.. loader._reader.Faults.Select(f => f.ToString())], [stamp]);
    }

    private PolicyNode? Parse(FileStamp stamp, byte[]? bytes)
    {
        if (bytes is null)
        {
            var (problem, fix) = stamp.IsUnreadable
                ? ("The file cannot be read.", "Put it there, readable for this process, or configure another path.")
                : ($"The file has more than {MaxFileBytes} bytes.", "Make it smaller.");
            _reader.Fault(0, problem, fix);
            return null;
        }

        try
        {
            return PolicyYaml.Parse(StrictUtf8.GetString(bytes));
        }
        catch (PolicySyntaxException e)
        {
            _reader.Fault(e.Line, e.Message, e.Fix);
        }
        catch (DecoderFallbackException)
        {
            _reader.Fault(0, "The file is not UTF-8.", "Save it as UTF-8.");
        }

        return null;
    }

    private AccessRules? Rules(PolicyNode root, byte[] bytes)
    {
        if (_reader.Fields(root, "The file", ["version", "grants"], ["limits"]) is not { } fields)
        {
            return null;
        }

        if (fields.TryGetValue("version", out var version))
        {
            _reader.Choice(version, "'version'", "1");
        }

        var grants = fields.TryGetValue("grants", out var given) ? _reader.Items(given, "'grants'", MaxGrants).Select(ReadGrant).OfType<Grant>() : [];
        var limits = fields.TryGetValue("limits", out var bounded) ? _reader.Items(bounded, "'limits'", MaxGrants).Select(ReadAllowance).OfType<Allowance>() : [];
        return new AccessRules(Convert.ToHexStringLower(SHA256.HashData(bytes)), [.. grants], [.. limits]);
    }

    private Grant? ReadGrant(PolicyNode node)
    {
        if (_reader.Fields(node, "A grant", ["workflows", "verbs"], ["subjects", "groups", "scopes"]) is not { } fields)
        {
            return null;
        }

        var to = ReadAudience(node, fields, "A grant");
        return new Grant(to, Patterns(fields, "workflows"), [.. ReadVerbs(fields)]);
    }

    private Allowance? ReadAllowance(PolicyNode node)
    {
        if (_reader.Fields(node, "A limit", [], ["subjects", "groups", "scopes", "unfinished_runs", "requests_per_minute"]) is not { } fields)
        {
            return null;
        }

        var to = ReadAudience(node, fields, "A limit");
        var runs = Amount(fields, "unfinished_runs");
        var requests = Amount(fields, "requests_per_minute");
        if (runs is null && requests is null)
        {
            _reader.Fault(node.Line, "A limit limits nothing.", "Add 'unfinished_runs' or 'requests_per_minute'.");
        }

        return new Allowance(to, runs, requests);
    }

    private Audience ReadAudience(PolicyNode node, Dictionary<string, PolicyNode> fields, string what)
    {
        var audience = new Audience(Patterns(fields, "subjects"), Patterns(fields, "groups"), Patterns(fields, "scopes"));
        if (!fields.ContainsKey("subjects") && !fields.ContainsKey("groups") && !fields.ContainsKey("scopes"))
        {
            _reader.Fault(node.Line, $"{what} names nobody.", "Add 'subjects', 'groups' or 'scopes'; 'subjects: \"*\"' is everybody.");
        }

        return audience;
    }

    private ImmutableArray<NamePattern> Patterns(Dictionary<string, PolicyNode> fields, string name)
    {
        if (!fields.TryGetValue(name, out var node))
        {
            return [];
        }

        var patterns = ImmutableArray.CreateBuilder<NamePattern>();
        foreach (var text in _reader.Texts(node, $"'{name}'", MaxEntries) ?? [])
        {
            if (NamePattern.Parse(text) is { } pattern)
            {
                patterns.Add(pattern);
            }
            else
            {
                _reader.Fault(node.Line, $"'{name}' has '{PolicyReader.Shorten(text)}'.", $"Write a name of at most {NamePattern.Longest} characters; a '*' may stand at its end only.");
            }
        }

        return patterns.ToImmutable();
    }

    private IEnumerable<Verb> ReadVerbs(Dictionary<string, PolicyNode> fields)
    {
        if (!fields.TryGetValue("verbs", out var node))
        {
            yield break;
        }

        foreach (var text in _reader.Texts(node, "'verbs'", MaxEntries) ?? [])
        {
            if (Verbs.TryGetValue(text, out var verb))
            {
                yield return verb;
            }
            else
            {
                _reader.Fault(node.Line, $"'verbs' has '{PolicyReader.Shorten(text)}'.", $"Use: {string.Join(", ", Verbs.Keys)}.");
            }
        }
    }

    private int? Amount(Dictionary<string, PolicyNode> fields, string name) =>
        fields.TryGetValue(name, out var node) ? (int?)_reader.Number(node, $"'{name}'", 1, MaxAmount) : null;
}
