using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Reads <c>attestation</c> entries.</summary>
internal sealed class PolicyAttestations(PolicyReader reader, PolicySignatories signatories)
{
    private const int MaxConditions = 32;
    private const int MaxValues = 64;
    private const int MaxTypeLength = 512;

    /// <summary>The requirement, or null after noting what is wrong.</summary>
    public AttestationRequirement? Read(PolicyNode node, string path)
    {
        if (reader.Fields(node, "'attestation'", ["predicate_type", "by"], ["slsa", "conditions"]) is not { } fields)
        {
            return null;
        }

        var type = fields.TryGetValue("predicate_type", out var named) ? ReadType(named) : null;
        var by = fields.TryGetValue("by", out var signer) ? ReadSignatory(signer) : null;
        var slsa = fields.TryGetValue("slsa", out var provenance) ? ReadSlsa(provenance, type) : null;
        var conditions = fields.TryGetValue("conditions", out var list) ? reader.Items(list, "'conditions'", MaxConditions).Select(ReadCondition).ToList() : [];
        return type is null || by is null || conditions.Contains(null) || (slsa is null && provenance is not null)
            ? null
            : new AttestationRequirement(path, type, by, slsa, conditions!);
    }

    private string? ReadType(PolicyNode node)
    {
        var type = reader.Text(node, "'predicate_type'");
        if (type is not null && (type.Length > MaxTypeLength || type == PredicateTypes.CosignSignature))
        {
            reader.Fault(node.Line, $"The predicate type '{PolicyReader.Shorten(type)}' is no attestation's.", "Use an attestation's type such as https://slsa.dev/provenance/v1; a signature is a 'key' or 'keyless' entry.");
            return null;
        }

        return type;
    }

    private SignatoryRule? ReadSignatory(PolicyNode node) =>
        reader.Fields(node, "'by'", [], ["key", "keyless", .. PolicySignatories.Options]) is { } fields ? signatories.Read(node, fields) : null;

    private SlsaRule? ReadSlsa(PolicyNode node, string? type)
    {
        if (type is not null && type != SlsaProvenance.PredicateType)
        {
            reader.Fault(node.Line, "'slsa' stands beside another predicate type.", $"Use {SlsaProvenance.PredicateType}, or write 'conditions'.");
        }

        if (reader.Fields(node, "'slsa'", ["builder_ids"], ["build_types", "source_repository", "source_ref", "source_ref_regex"]) is not { } fields)
        {
            return null;
        }

        var builders = fields.TryGetValue("builder_ids", out var ids) ? reader.Texts(ids, "'builder_ids'", MaxValues) : null;
        var types = fields.TryGetValue("build_types", out var list) ? reader.Texts(list, "'build_types'", MaxValues) : null;
        var repository = fields.TryGetValue("source_repository", out var source) ? reader.Text(source, "'source_repository'") : null;
        var reference = ReadRef(fields);
        return builders is null ? null : new SlsaRule(builders, types, repository, reference);
    }

    private IdentityPattern? ReadRef(Dictionary<string, PolicyNode> fields)
    {
        var exact = fields.GetValueOrDefault("source_ref");
        var regex = fields.GetValueOrDefault("source_ref_regex");
        if (exact is not null && regex is not null)
        {
            reader.Fault(regex.Line, "'slsa' has both 'source_ref' and 'source_ref_regex'.", "Keep one of them.");
        }

        return exact is not null && reader.Text(exact, "'source_ref'") is { } text ? IdentityPattern.Exact(text)
            : regex is not null ? reader.Expression(regex, "'source_ref_regex'")
            : null;
    }

    private Condition? ReadCondition(PolicyNode node)
    {
        if (reader.Fields(node, "A condition", ["path"], ["equals", "in", "matches"]) is not { } fields)
        {
            return null;
        }

        var path = fields.TryGetValue("path", out var where) ? ReadPath(where) : null;
        if (fields.Keys.Count(k => k is "equals" or "in" or "matches") != 1)
        {
            reader.Fault(node.Line, "A condition has not exactly one of 'equals', 'in' and 'matches'.", "Write one of them.");
            return null;
        }

        var values = fields.TryGetValue("equals", out var equal) ? Values([equal]) : fields.TryGetValue("in", out var list) ? Values(reader.Items(list, "'in'", MaxValues)) : null;
        var matches = fields.TryGetValue("matches", out var regex) ? reader.Expression(regex, "'matches'") : null;
        return path is null || (values is null && matches is null) ? null : new Condition(path, values, matches);
    }

    private JsonPath? ReadPath(PolicyNode node)
    {
        if (reader.Text(node, "'path'") is not { } text)
        {
            return null;
        }

        if (!JsonPath.TryParse(text, out var path))
        {
            reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no path that can be used.", "Write one such as $.buildDefinition.externalParameters['build-type'] or $.items[0], from the predicate on.");
        }

        return path;
    }

    private List<PlainValue>? Values(IReadOnlyList<PolicyNode> nodes)
    {
        foreach (var node in nodes.Where(n => n is not PolicyScalar))
        {
            reader.Fault(node.Line, "A value of a condition is no plain value.", "Write a text, a number, true or false.");
        }

        return nodes.Count > 0 && nodes.All(n => n is PolicyScalar) ? [.. nodes.Cast<PolicyScalar>().Select(PlainValue.Of)] : null;
    }
}
