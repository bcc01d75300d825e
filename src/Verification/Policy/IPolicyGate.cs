using Actors.RunnerApi.Contracts;

namespace Actors.Verification.Policy;

/// <summary>The gate before every launch.</summary>
public interface IPolicyGate
{
    /// <summary>Resolves the image once and checks everything that the matching rule demands of that digest. Never throws for a bad image or an unreachable registry: that is a refusal.</summary>
    /// <exception cref="GateBusyException">Nothing was decided, because too much is being decided.</exception>
    Task<GateResult> DecideAsync(string image, string profile, CancellationToken cancellationToken);

    /// <summary>How the policy is that decides.</summary>
    PolicyStatus Status { get; }

    /// <summary>The profiles of the policy that decides now.</summary>
    IReadOnlyCollection<SandboxProfile> Profiles { get; }
}

/// <summary>A decision with what a launch needs besides.</summary>
/// <param name="Decision">What is told to the silo and kept in the trace.</param>
/// <param name="Profile">The profile; null when the policy has none of that name.</param>
/// <param name="InsecureRegistry">True when the policy says plain HTTP for that registry.</param>
public sealed record GateResult(Decision Decision, SandboxProfile? Profile, bool InsecureRegistry);

/// <summary>A profile of <c>policy.yaml</c>: how a sandbox may run.</summary>
public sealed record SandboxProfile
{
    /// <summary>Name in the policy.</summary>
    public required string Name { get; init; }

    /// <summary>Which runtime.</summary>
    public SandboxRuntime Runtime { get; init; } = SandboxRuntime.Auto;

    /// <summary>Which nodes of a cluster; null leaves it to the cluster.</summary>
    public NodePlacement? Nodes { get; init; }

    /// <summary>Limits that apply when the workflow asks for none.</summary>
    public required ProfileLimits Defaults { get; init; }

    /// <summary>Highest limits that a workflow may ask for.</summary>
    public required ProfileLimits Caps { get; init; }

    /// <summary>Targets that a sandbox may reach; empty means no network at all.</summary>
    public IReadOnlyList<EgressRule> Egress { get; init; } = [];
}

/// <summary>A full set of limits.</summary>
/// <param name="CpuMillis">Thousandths of a core.</param>
/// <param name="MemoryBytes">Bytes, swap included.</param>
/// <param name="Pids">Processes and threads.</param>
/// <param name="LifetimeSeconds">Seconds.</param>
public sealed record ProfileLimits(int CpuMillis, long MemoryBytes, int Pids, int LifetimeSeconds);

/// <summary>Where in a cluster a sandbox may run.</summary>
/// <param name="Selector">Labels that a node must have.</param>
/// <param name="Tolerations">Taints that it may have.</param>
public sealed record NodePlacement(IReadOnlyDictionary<string, string> Selector, IReadOnlyList<NodeToleration> Tolerations)
{
    /// <summary>How sandboxes are spread; empty leaves it to the cluster.</summary>
    public IReadOnlyList<NodeSpread> Spread { get; init; } = [];
}

/// <summary>Spreads sandboxes evenly over nodes, zones or the like.</summary>
/// <param name="Key">Label of the nodes whose values are told apart.</param>
/// <param name="MaxSkew">By how many sandboxes one value may be ahead of another.</param>
/// <param name="Required">Rather than break it, a sandbox does not start.</param>
public sealed record NodeSpread(string Key, int MaxSkew, bool Required);

/// <summary>A taint that does not keep a sandbox away.</summary>
/// <param name="Key">Key of the taint.</param>
/// <param name="Value">Its value; empty tolerates any.</param>
/// <param name="Effect"><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>; empty tolerates all.</param>
public sealed record NodeToleration(string Key, string Value, string Effect);
