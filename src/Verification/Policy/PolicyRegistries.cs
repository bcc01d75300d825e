using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Reads the policy's <c>registries</c>.</summary>
internal sealed class PolicyRegistries
{
    private const int MaxRules = 500;
    private readonly PolicyReader _reader;
    private readonly PolicyRequirements _requirements;

    public PolicyRegistries(PolicyReader reader, PolicyFiles files, PolicyTrustRoots roots)
    {
        _reader = reader;
        var signatories = new PolicySignatories(reader, files, roots);
        _requirements = new PolicyRequirements(reader, signatories, new PolicyAttestations(reader, signatories));
    }

    /// <summary>The rules that are without fault.</summary>
    public IReadOnlyList<RegistryRule> Read(PolicyNode node)
    {
        var rules = new List<RegistryRule>();
        foreach (var item in _reader.Items(node, "'registries'", MaxRules))
        {
            if (ReadRule(item) is not { } rule)
            {
                continue;
            }

            if (rules.Exists(r => r.Pattern.Text == rule.Pattern.Text))
            {
                _reader.Fault(item.Line, $"There is a second rule for '{rule.Pattern.Text}'.", "Keep one of them.");
            }

            rules.Add(rule);
        }

        return rules;
    }

    private RegistryRule? ReadRule(PolicyNode node)
    {
        if (_reader.Fields(node, "A registry rule", ["match"], ["insecure", "mode", "deny", "require", "signatures"]) is not { } fields)
        {
            return null;
        }

        var pattern = fields.TryGetValue("match", out var match) ? ReadPattern(match) : null;
        var insecure = fields.TryGetValue("insecure", out var flag) ? _reader.Flag(flag, "'insecure'") : false;
        var deny = fields.TryGetValue("deny", out var denied);
        if (deny && _reader.Flag(denied!, "'deny'") == false)
        {
            _reader.Fault(denied!.Line, "'deny' is false.", "Remove it: a rule without 'deny: true' has 'require'.");
        }

        var required = fields.TryGetValue("require", out var demand);
        if (deny == required)
        {
            _reader.Fault(node.Line, "A registry rule has both or none of 'deny' and 'require'.", "Write exactly one of them.");
        }

        var mode = fields.TryGetValue("mode", out var word) ? _reader.Choice(word, "'mode'", "enforce", "warn") : "enforce";
        if (word is not null && deny)
        {
            _reader.Fault(word.Line, "'mode' stands in a rule that denies.", "Remove it: what a rule denies is always refused.");
        }

        var signatures = fields.TryGetValue("signatures", out var place) ? ReadRepository(place) : null;
        if (place is not null && deny)
        {
            _reader.Fault(place.Line, "'signatures' stands in a rule that denies.", "Remove it: what a rule denies needs none.");
        }

        var requirement = required ? _requirements.Read(demand!) : null;
        return pattern is null || insecure is null || mode is null ? null : new RegistryRule(pattern, insecure.Value, requirement, mode == "warn") { Signatures = signatures };
    }

    // Whole and literal: what stands here is spoken to, whichever image is asked for.
    private ImageReference? ReadRepository(PolicyNode node)
    {
        if (_reader.Text(node, "'signatures'") is not { } text)
        {
            return null;
        }

        if (ImageReference.TryParse(text, out var place, out _) && place.Name == text)
        {
            return place;
        }

        _reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no repository.", "Write 'host[:port]/repository' without tag or digest, such as 'ghcr.io/acme/signatures'.");
        return null;
    }

    private RegistryPattern? ReadPattern(PolicyNode node)
    {
        if (_reader.Text(node, "'match'") is not { } text)
        {
            return null;
        }

        if (!RegistryPattern.TryParse(text, out var pattern, out var fault))
        {
            _reader.Fault(node.Line, $"The pattern '{PolicyReader.Shorten(text)}' {fault}.", "Write one such as 'ghcr.io/acme/**'.");
        }

        return pattern;
    }
}
