using Actors.Verification.Cosign;

namespace Actors.Verification.Policy;

/// <summary>Reads the policy's <c>registries</c>.</summary>
internal sealed class PolicyRegistries(PolicyReader reader, PolicyKeys keys)
{
    private const int MaxRules = 500;
    private const int MaxKeys = 16;

    /// <summary>The rules that are without fault.</summary>
    public IReadOnlyList<RegistryRule> Read(PolicyNode node)
    {
        var rules = new List<RegistryRule>();
        foreach (var item in reader.Items(node, "'registries'", MaxRules))
        {
            if (ReadRule(item) is not { } rule)
            {
                continue;
            }

            if (rules.Exists(r => r.Pattern.Text == rule.Pattern.Text))
            {
                reader.Fault(item.Line, $"There is a second rule for '{rule.Pattern.Text}'.", "Keep one of them.");
            }

            rules.Add(rule);
        }

        return rules;
    }

    private RegistryRule? ReadRule(PolicyNode node)
    {
        if (reader.Fields(node, "A registry rule", ["match"], ["insecure", "deny", "require"]) is not { } fields)
        {
            return null;
        }

        var pattern = fields.TryGetValue("match", out var match) ? ReadPattern(match) : null;
        var insecure = fields.TryGetValue("insecure", out var flag) ? reader.Flag(flag, "'insecure'") : false;
        var deny = fields.TryGetValue("deny", out var denied);
        if (deny && reader.Flag(denied!, "'deny'") == false)
        {
            reader.Fault(denied!.Line, "'deny' is false.", "Remove it: a rule without 'deny: true' has 'require'.");
        }

        var required = fields.TryGetValue("require", out var requirement);
        if (deny == required)
        {
            reader.Fault(node.Line, "A registry rule has both or none of 'deny' and 'require'.", "Write exactly one of them.");
        }

        var signatures = required ? ReadRequirement(requirement!) : null;
        return pattern is null || insecure is null ? null : new RegistryRule(pattern, insecure.Value, signatures);
    }

    private RegistryPattern? ReadPattern(PolicyNode node)
    {
        if (reader.Text(node, "'match'") is not { } text)
        {
            return null;
        }

        if (!RegistryPattern.TryParse(text, out var pattern, out var fault))
        {
            reader.Fault(node.Line, $"The pattern '{PolicyReader.Shorten(text)}' {fault}.", "Write one such as 'ghcr.io/acme/**'.");
        }

        return pattern;
    }

    private SignatureRequirement? ReadRequirement(PolicyNode node)
    {
        if (reader.Fields(node, "'require'", ["any"], []) is not { } fields || !fields.TryGetValue("any", out var any))
        {
            return null;
        }

        var trusted = new List<TrustedKey>();
        foreach (var item in reader.Items(any, "'any'", MaxKeys))
        {
            if (reader.Fields(item, "An entry of 'any'", ["key"], []) is not { } entry || !entry.TryGetValue("key", out var node2)
                || reader.Text(node2, "'key'") is not { } path || keys.Load(node2.Line, path) is not { } key)
            {
                continue;
            }

            if (trusted.Exists(k => k.Fingerprint == key.Fingerprint))
            {
                reader.Fault(item.Line, $"The key of '{PolicyReader.Shorten(path)}' is listed twice.", "Keep one of them.");
            }

            trusted.Add(key);
        }

        return new SignatureRequirement(trusted);
    }
}
