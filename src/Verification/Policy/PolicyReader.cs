using System.Globalization;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Reads typed values out of nodes and notes a fault for each that does not fit, so that one pass finds them all.</summary>
internal sealed class PolicyReader(string file)
{
    /// <summary>What to do about a name that is none.</summary>
    public static readonly string NameFix = $"Use 1 to {MaxNameLength} characters of a-z, 0-9 and '-'.";

    private const int MaxNameLength = 63;
    private readonly List<PolicyFault> _faults = [];

    /// <summary>What was found so far, in the order of lines.</summary>
    public IReadOnlyList<PolicyFault> Faults => [.. _faults.OrderBy(f => f.Line)];

    /// <summary>Notes a fault.</summary>
    public void Fault(int line, string problem, string fix) => _faults.Add(new PolicyFault(file, line, problem, fix));

    /// <summary>The mapping's values by key; unknown, repeated and missing keys are faults. Null when it is no mapping.</summary>
    public Dictionary<string, PolicyNode>? Fields(PolicyNode node, string what, IReadOnlyList<string> required, IReadOnlyList<string> optional)
    {
        if (Entries(node, what) is not { } fields)
        {
            return null;
        }

        string[] known = [.. required, .. optional];
        foreach (var (name, value) in fields.Where(f => !known.Contains(f.Key, StringComparer.Ordinal)).ToList())
        {
            Fault(value.Line, $"{what} has the unknown key '{Shorten(name)}'.", $"Remove it, or use one of: {string.Join(", ", known)}.");
        }

        foreach (var name in required.Where(n => !fields.ContainsKey(n)))
        {
            Fault(node.Line, $"{what} lacks '{name}'.", "Add it.");
        }

        return fields;
    }

    /// <summary>The mapping's values by a key of the author's choice; repeated keys are faults. Null when it is no mapping.</summary>
    public Dictionary<string, PolicyNode>? Entries(PolicyNode node, string what)
    {
        if (node is not PolicyMap map)
        {
            Fault(node.Line, $"{what} is no mapping.", "Write 'key: value' lines below it.");
            return null;
        }

        var fields = new Dictionary<string, PolicyNode>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Entries)
        {
            if (!fields.TryAdd(key.Value, value))
            {
                Fault(key.Line, $"{what} has the key '{Shorten(key.Value)}' twice.", "Keep one of them.");
            }
        }

        return fields;
    }

    /// <summary>The items; no items or too many are a fault.</summary>
    public IReadOnlyList<PolicyNode> Items(PolicyNode node, string what, int max)
    {
        if (node is PolicyList { Items.Count: > 0 } list && list.Items.Count <= max)
        {
            return list.Items;
        }

        Fault(node.Line, $"{what} is no list of 1 to {max} entries.", "Write '- ' entries below it.");
        return [];
    }

    /// <summary>Text that is not empty.</summary>
    public string? Text(PolicyNode node, string what)
    {
        if (node is PolicyScalar { Value.Length: > 0 } scalar)
        {
            return scalar.Value;
        }

        Fault(node.Line, $"{what} is no text.", "Write one value on the line.");
        return null;
    }

    /// <summary>One of a few words.</summary>
    public string? Choice(PolicyNode node, string what, params string[] choices)
    {
        if (Text(node, what) is not { } text)
        {
            return null;
        }

        if (choices.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        Fault(node.Line, $"{what} is '{Shorten(text)}'.", $"Use one of: {string.Join(", ", choices)}.");
        return null;
    }

    /// <summary>A plain <c>true</c> or <c>false</c>.</summary>
    public bool? Flag(PolicyNode node, string what)
    {
        if (node is PolicyScalar { Plain: true, Value: "true" or "false" } scalar)
        {
            return scalar.Value == "true";
        }

        Fault(node.Line, $"{what} is neither true nor false.", "Write true or false, without quotes.");
        return null;
    }

    /// <summary>A quantity times <paramref name="scale"/>, which must be whole and in range.</summary>
    public long? Amount(PolicyNode node, string what, decimal scale, (long Min, long Max) range, string examples)
    {
        if (node is PolicyScalar scalar && Quantity.TryParse(scalar.Value, out var value)
            && value * scale is var scaled && scaled == decimal.Truncate(scaled) && scaled >= range.Min && scaled <= range.Max)
        {
            return (long)scaled;
        }

        Fault(node.Line, $"{what} is no quantity that can be used.", $"Write one such as {examples}.");
        return null;
    }

    /// <summary>A whole number in range.</summary>
    public long? Number(PolicyNode node, string what, long min, long max)
    {
        if (node is PolicyScalar scalar && long.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Fault(node.Line, $"{what} is no whole number from {min} to {max}.", "Write one.");
        return null;
    }

    /// <summary>A duration in seconds.</summary>
    public long? Seconds(PolicyNode node, string what, long max)
    {
        if (node is PolicyScalar scalar && Quantity.TryParseSeconds(scalar.Value, out var value) && value >= 1 && value <= max)
        {
            return value;
        }

        Fault(node.Line, $"{what} is no duration from 1s to {max / 3600}h.", "Write one such as 30s, 10m or 1h.");
        return null;
    }

    /// <summary>A list of texts, or one text that stands for a list of one.</summary>
    public IReadOnlyList<string>? Texts(PolicyNode node, string what, int max)
    {
        var items = node is PolicyScalar ? [node] : Items(node, what, max);
        var texts = items.Select(i => Text(i, $"An entry of {what}")).ToList();
        return texts.Count == 0 || texts.Contains(null) ? null : [.. texts.OfType<string>()];
    }

    /// <summary>An expression for a whole text. One that matches anything is a mistake, not a demand.</summary>
    public IdentityPattern? Expression(PolicyNode node, string what)
    {
        if (Text(node, what) is not { } text)
        {
            return null;
        }

        if (!IdentityPattern.TryRegex(text, out var pattern, out var fault))
        {
            Fault(node.Line, $"The expression '{Shorten(text)}' {fault}.", "Write one for the whole text; it is anchored at both ends.");
            return null;
        }

        if (pattern.Matches("") || pattern.Matches("~") || pattern.Matches("~:/@ ~"))
        {
            Fault(node.Line, $"The expression '{Shorten(text)}' matches any text.", "Write what the text must hold.");
            return null;
        }

        return pattern;
    }

    /// <summary>True for a name that the policy's author may give.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    /// <summary>Text of the file as it may stand in a message.</summary>
    public static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
