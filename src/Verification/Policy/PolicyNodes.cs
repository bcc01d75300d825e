namespace Actors.Verification.Policy;

/// <summary>Reads a profile's <c>nodes</c>: where in a cluster its sandboxes may run.</summary>
internal sealed class PolicyNodes(PolicyReader reader)
{
    private const int MostEntries = 16;
    private const int LongestText = 253;

    /// <summary>The placement; faults are noted.</summary>
    public NodePlacement? Read(string profile, PolicyNode node)
    {
        if (reader.Fields(node, $"'nodes' of profile '{profile}'", [], ["selector", "tolerations"]) is not { } fields)
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

        List<NodeToleration> tolerations = [];
        foreach (var item in fields.TryGetValue("tolerations", out var list) ? reader.Items(list, "'tolerations'", MostEntries) : [])
        {
            if (reader.Fields(item, "A toleration", ["key"], ["value", "effect"]) is { } parts && parts.TryGetValue("key", out var key))
            {
                tolerations.Add(new NodeToleration(
                    Word(key, reader.Text(key, "'key'") ?? ""),
                    parts.TryGetValue("value", out var v) ? Word(v, reader.Text(v, "'value'") ?? "") : "",
                    parts.TryGetValue("effect", out var e) ? reader.Choice(e, "'effect'", "NoSchedule", "PreferNoSchedule", "NoExecute") ?? "" : ""));
            }
        }

        if (selector.Count > MostEntries)
        {
            reader.Fault(node.Line, $"'selector' has more than {MostEntries} labels.", "Use fewer.");
        }

        return new NodePlacement(selector, tolerations);
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
