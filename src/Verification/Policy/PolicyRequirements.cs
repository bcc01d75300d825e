namespace Actors.Verification.Policy;

/// <summary>Reads <c>require</c>: <c>any</c> or <c>all</c> of signatures and attestations, and of one more level of the same.</summary>
internal sealed class PolicyRequirements(PolicyReader reader, PolicySignatories signatories, PolicyAttestations attestations)
{
    private const int MaxEntries = 16;
    private const int MaxLeaves = 64;
    private int _leaves;

    /// <summary>The requirement of a rule; null after noting what is wrong.</summary>
    public Requirement? Read(PolicyNode node)
    {
        _leaves = 0;
        var requirement = reader.Fields(node, "'require'", [], ["any", "all"]) is { } fields ? ReadGroup(node, fields, "'require'", path: "", nested: false) : null;
        if (_leaves > MaxLeaves)
        {
            reader.Fault(node.Line, $"'require' names more than {MaxLeaves} signatures and attestations.", "Demand fewer.");
        }

        return requirement;
    }

    private RequirementGroup? ReadGroup(PolicyNode node, Dictionary<string, PolicyNode> fields, string what, string path, bool nested)
    {
        if (fields.TryGetValue("any", out var any) == fields.TryGetValue("all", out var all))
        {
            reader.Fault(node.Line, $"{what} has both or none of 'any' and 'all'.", "Write exactly one of them.");
            return null;
        }

        var name = all is null ? "any" : "all";
        var nodes = reader.Items((all ?? any)!, $"'{name}'", MaxEntries);
        var items = nodes.Select((item, i) => ReadEntry(item, $"{path}{name}[{i}]", nested)).ToList();
        CheckTwins(nodes, items);
        return items.Count == 0 || items.Contains(null) ? null : new RequirementGroup(path.TrimEnd('.'), all is not null, items!);
    }

    private Requirement? ReadEntry(PolicyNode node, string path, bool nested)
    {
        IReadOnlyList<string> groups = nested ? [] : ["any", "all"];
        if (reader.Fields(node, "A requirement", [], ["key", "keyless", "attestation", .. groups, .. PolicySignatories.Options]) is not { } fields)
        {
            return null;
        }

        string[] kinds = ["key", "keyless", "attestation", .. groups];
        if (fields.Keys.Count(kinds.Contains) != 1)
        {
            reader.Fault(node.Line, "A requirement has not exactly one kind.", $"Write one of: {string.Join(", ", kinds)}.");
            return null;
        }

        if (fields.ContainsKey("any") || fields.ContainsKey("all"))
        {
            CheckNoOptions(fields);
            return ReadGroup(node, fields, "A requirement", path + ".", nested: true);
        }

        _leaves++;
        if (fields.TryGetValue("attestation", out var attestation))
        {
            CheckNoOptions(fields);
            return attestations.Read(attestation, path);
        }

        return signatories.Read(node, fields) is { } by ? new SignatureRequirement(path, by) : null;
    }

    private void CheckNoOptions(Dictionary<string, PolicyNode> fields)
    {
        foreach (var name in PolicySignatories.Options.Where(fields.ContainsKey))
        {
            reader.Fault(fields[name].Line, $"'{name}' stands beside no key.", "Write it where the key is named.");
        }
    }

    private void CheckTwins(IReadOnlyList<PolicyNode> nodes, List<Requirement?> items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is SignatureRequirement { By: var by } && !seen.Add(by.Id))
            {
                reader.Fault(nodes[i].Line, $"The signatory '{PolicyReader.Shorten(by.Name)}' is listed twice.", "Keep one of them.");
            }
        }
    }
}
