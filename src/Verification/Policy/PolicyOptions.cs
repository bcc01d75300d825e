namespace Actors.Verification.Policy;

/// <summary>Settings of the policy gate.</summary>
internal sealed record PolicyOptions
{
    /// <summary>Path of <c>policy.yaml</c>.</summary>
    public required string PolicyFile { get; init; }

    /// <summary>Most time for one image: resolving and verifying together.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a digest that verified need not be verified again; zero for never.</summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromSeconds(60);
}
