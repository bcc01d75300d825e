namespace Actors.Verification.Policy;

/// <summary>Reads a profile's <c>nodes</c>: where in a cluster its sandboxes may run.</summary>
internal sealed class PolicyNodes(PolicyReader reader)
{
    private const int MostEntries = 16;
    private const int LongestText = 253;
    private const int MostSkew = 1000;

    /// <summary>The placement; faults are noted.</summary>
    public NodePlacement? Read(string profile, PolicyNode node)
    {
        if (reader.Fields(node, $"'nodes' of profile '{profile}'", [], ["selector", "tolerations", "spread"]) is not { } fields)
        {
            return null;
        }

        var selector = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (fields.TryGetValue("selector", out var labels))
        {
            foreach (var (label, value) in reader.Entries(labels, "'selector'") ?? [])
            {
                selector[Word(labels, label)] = Word(value, reader.Text(value, "A label's value") ?? "");
            }
        }

        if (selector.Count > MostEntries)
        {
            reader.Fault(node.Line, $"'selector' has more than {MostEntries} labels.", "Use fewer.");
        }

        return new NodePlacement(selector, [.. List(fields, "tolerations", "A toleration", ["value", "effect"], Toleration)])
        {
            Spread = [.. List(fields, "spread", "A spread", ["max_skew", "required"], Spread)],
        };
    }

    private NodeToleration Toleration(string key, Dictionary<string, PolicyNode> parts) => new(
        key,
        parts.TryGetValue("value", out var value) ? Word(value, reader.Text(value, "'value'") ?? "") : "",
        parts.TryGetValue("effect", out var effect) ? reader.Choice(effect, "'effect'", "NoSchedule", "PreferNoSchedule", "NoExecute") ?? "" : "");

    private NodeSpread Spread(string key, Dictionary<string, PolicyNode> parts) => new(
        key,
        parts.TryGetValue("max_skew", out var skew) ? (int)(reader.Number(skew, "'max_skew'", 1, MostSkew) ?? 1) : 1,
        parts.TryGetValue("required", out var required) && reader.Flag(required, "'required'") == true);

    private IEnumerable<T> List<T>(Dictionary<string, PolicyNode> fields, string name, string what, IReadOnlyList<string> optional, Func<string, Dictionary<string, PolicyNode>, T> read)
    {
        foreach (var item in fields.TryGetValue(name, out var list) ? reader.Items(list, $"'{name}'", MostEntries) : [])
        {
            if (reader.Fields(item, what, ["key"], optional) is { } parts && parts.TryGetValue("key", out var key))
            {
                yield return read(Word(key, reader.Text(key, "'key'") ?? ""), parts);
            }
        }
    }

    private string Word(PolicyNode node, string text)
    {
        if (text.Length > LongestText || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/'))
        {
            reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no label or taint.", "Use letters, digits, '.', '-', '_' and '/'.");
        }

        return text;
    }
}
