using Actors.RunnerApi.Contracts;

namespace Actors.Verification.Policy;

/// <summary>Reads the policy's <c>profiles</c>.</summary>
internal sealed class PolicyProfiles(PolicyReader reader)
{
    private const int MaxProfiles = 100;

    // Below this no engine starts a container.
    private const int MaxLifetime = 30 * 24 * 3600;

    /// <summary>The profiles that are without fault.</summary>
    public IReadOnlyDictionary<string, SandboxProfile> Read(PolicyNode node)
    {
        var profiles = new Dictionary<string, SandboxProfile>(StringComparer.Ordinal);
        var entries = reader.Entries(node, "'profiles'");
        if (entries?.Count is 0 or > MaxProfiles)
        {
            reader.Fault(node.Line, $"There are not 1 to {MaxProfiles} profiles.", "Write at least 'default'.");
        }

        foreach (var (name, value) in entries ?? [])
        {
            if (!PolicyReader.IsName(name))
            {
                reader.Fault(value.Line, $"The profile name '{PolicyReader.Shorten(name)}' cannot be used.", PolicyReader.NameFix);
            }
            else if (ReadProfile(name, value) is { } profile)
            {
                profiles.Add(name, profile);
            }
        }

        return profiles;
    }

    private SandboxProfile? ReadProfile(string name, PolicyNode node)
    {
        if (reader.Fields(node, $"Profile '{name}'", ["defaults", "caps"], ["runtime", "network", "egress", "nodes"]) is not { } fields)
        {
            return null;
        }

        var runtime = fields.TryGetValue("runtime", out var r) ? reader.Choice(r, "'runtime'", "auto", "runsc", "runc") : "auto";
        var egress = ReadNetwork(name, fields);

        var nodes = fields.TryGetValue("nodes", out var n) ? new PolicyNodes(reader).Read(name, n) : null;
        var defaults = fields.TryGetValue("defaults", out var d) ? ReadLimits(d, $"'defaults' of profile '{name}'") : null;
        var caps = fields.TryGetValue("caps", out var c) ? ReadLimits(c, $"'caps' of profile '{name}'") : null;
        if (runtime is null || defaults is null || caps is null)
        {
            return null;
        }

        CheckCaps(name, d!, defaults, caps);
        return new SandboxProfile { Name = name, Runtime = Enum.Parse<SandboxRuntime>(runtime, ignoreCase: true), Nodes = nodes, Defaults = defaults, Caps = caps, Egress = egress };
    }

    private IReadOnlyList<EgressRule> ReadNetwork(string name, Dictionary<string, PolicyNode> fields)
    {
        if (fields.TryGetValue("network", out var network))
        {
            reader.Choice(network, "'network'", "none");
        }

        if (!fields.TryGetValue("egress", out var egress))
        {
            return [];
        }

        if (network is not null)
        {
            reader.Fault(network.Line, $"Profile '{name}' has both 'network' and 'egress'.", "Remove 'network': what 'egress' does not allow is closed.");
        }

        return new PolicyEgress(reader).Read(name, egress);
    }

    private ProfileLimits? ReadLimits(PolicyNode node, string what)
    {
        if (reader.Fields(node, what, ["cpu", "memory", "pids", "lifetime"], []) is not { } fields)
        {
            return null;
        }

        var cpu = fields.TryGetValue("cpu", out var n1) ? reader.Amount(n1, "'cpu'", 1000m, (SandboxLimits.LeastCpuMillis, SandboxLimits.MostCpuMillis), "500m or 2 (10m to 1000)") : null;
        var memory = fields.TryGetValue("memory", out var n2) ? reader.Amount(n2, "'memory'", 1m, (SandboxLimits.LeastMemoryBytes, SandboxLimits.MostMemoryBytes), "256Mi or 1Gi (6Mi to 16Ti)") : null;
        var pids = fields.TryGetValue("pids", out var n3) ? reader.Number(n3, "'pids'", 1, SandboxLimits.MostPids) : null;
        var lifetime = fields.TryGetValue("lifetime", out var n4) ? reader.Seconds(n4, "'lifetime'", MaxLifetime) : null;
        return cpu is null || memory is null || pids is null || lifetime is null
            ? null
            : new ProfileLimits((int)cpu.Value, memory.Value, (int)pids.Value, (int)lifetime.Value);
    }

    private void CheckCaps(string name, PolicyNode node, ProfileLimits defaults, ProfileLimits caps)
    {
        (string Key, bool Over)[] checks =
        [
            ("cpu", defaults.CpuMillis > caps.CpuMillis),
            ("memory", defaults.MemoryBytes > caps.MemoryBytes),
            ("pids", defaults.Pids > caps.Pids),
            ("lifetime", defaults.LifetimeSeconds > caps.LifetimeSeconds),
        ];
        foreach (var (key, _) in checks.Where(c => c.Over))
        {
            var line = ((PolicyMap)node).Entries.First(e => e.Key.Value == key).Key.Line;
            reader.Fault(line, $"The default '{key}' of profile '{name}' is above its cap.", "Lower the default or raise the cap.");
        }
    }
}
