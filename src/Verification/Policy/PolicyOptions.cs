using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Settings of the policy gate.</summary>
internal sealed record PolicyOptions
{
    private const string OsLabel = "kubernetes.io/os";
    private const string ArchitectureLabel = "kubernetes.io/arch";

    /// <summary>Path of <c>policy.yaml</c>.</summary>
    public required string PolicyFile { get; init; }

    /// <summary>Most time for one image: resolving and verifying together.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a digest that verified need not be verified again; zero for never.</summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most images of one registry that are checked at the same time.</summary>
    public int MaxChecks { get; init; } = 16;

    /// <summary>Most that wait for that, besides.</summary>
    public int MaxWaitingChecks { get; init; } = 256;

    /// <summary>How often the policy's files are looked at for a change; zero for never.</summary>
    public TimeSpan ReloadEvery { get; init; }

    /// <summary>Which child of an index runs.</summary>
    public OciPlatform Platform { get; init; } = OciPlatform.Host;

    /// <summary>True where sandboxes run on nodes of a cluster: a profile that selects nodes by processor runs the child for those.</summary>
    public bool PlatformByNodes { get; init; }

    /// <summary>A docker <c>config.json</c> with registry credentials; empty for anonymous access.</summary>
    public string RegistryAuthFile { get; init; } = "";

    /// <summary>Which child of an index runs under that profile.</summary>
    public OciPlatform PlatformFor(SandboxProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (!PlatformByNodes || profile.Nodes is not { } nodes)
        {
            return Platform;
        }

        var os = nodes.Selector.GetValueOrDefault(OsLabel, Platform.Os);
        var architecture = nodes.Selector.GetValueOrDefault(ArchitectureLabel, Platform.Architecture);
        return (os, architecture) == (Platform.Os, Platform.Architecture) ? Platform : new OciPlatform(os, architecture);
    }

    /// <summary>Throws for what cannot work.</summary>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public PolicyOptions Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(PolicyFile);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Deadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Deadline, TimeSpan.FromMinutes(10));
        ArgumentOutOfRangeException.ThrowIfLessThan(CacheTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReloadEvery, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxChecks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaitingChecks, 0);
        return this;
    }
}
