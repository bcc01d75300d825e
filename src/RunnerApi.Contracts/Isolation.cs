namespace Actors.RunnerApi.Contracts;

/// <summary>Body of <c>GET /isolation</c>: what was seen from inside sandboxes of each kind.</summary>
public sealed record IsolationReport
{
    /// <summary><c>podman</c>, <c>docker</c> or <c>kubernetes</c>.</summary>
    public required string Driver { get; init; }

    /// <summary>True when nothing is launched without a proof.</summary>
    public required bool Enforced { get; init; }

    /// <summary>One per kind of sandbox; empty when no probe image is set.</summary>
    public required IReadOnlyList<IsolationProof> Proofs { get; init; }
}

/// <summary>What one probe found.</summary>
public sealed record IsolationProof
{
    /// <summary><c>iso-</c> and 32 hex digits of the SHA-256 of everything else.</summary>
    public required string Id { get; init; }

    /// <summary>Profiles of the policy that this kind of sandbox stands for.</summary>
    public required IReadOnlyList<string> Profiles { get; init; }

    /// <summary>The runtime that was probed.</summary>
    public required string Runtime { get; init; }

    /// <summary>The nodes that were probed, as <c>label=value</c>; empty for any.</summary>
    public required string Nodes { get; init; }

    /// <summary>True when every check passed.</summary>
    public required bool Proven { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset CheckedAt { get; init; }

    /// <summary>Each check.</summary>
    public required IReadOnlyList<IsolationCheck> Checks { get; init; }

    /// <summary>Why the last try to prove it anew could not run, so that this one still stands; null when it ran. No part of the id.</summary>
    public string? NotRenewed { get; init; }
}

/// <summary>One check.</summary>
/// <param name="Name"><c>runtime</c>, <c>identity</c>, <c>root_read_only</c>, <c>token_absent</c>, <c>egress_…</c> or <c>probe</c>.</param>
/// <param name="Passed">It holds.</param>
/// <param name="Detail">What was seen.</param>
public sealed record IsolationCheck(string Name, bool Passed, string Detail);
