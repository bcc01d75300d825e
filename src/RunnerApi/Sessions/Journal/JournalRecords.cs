using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Sessions.Journal;

/// <summary><c>launch.json</c>: what was launched, without any secret's value.</summary>
internal sealed record LaunchRecord
{
    /// <summary>The request as it came.</summary>
    public required LaunchRequest Request { get; init; }

    /// <summary>Hash of the request without its fence.</summary>
    public required string BodyHash { get; init; }

    /// <summary>The decision that admitted it.</summary>
    public required Decision Decision { get; init; }

    /// <summary>The runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>When it was launched, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Secret name to keyed hash of its value.</summary>
    public required IReadOnlyDictionary<string, string> SecretProofs { get; init; }

    /// <summary>The proof that its kind of sandbox isolates; null when none was demanded.</summary>
    public string? IsolationProof { get; init; }

    /// <summary>The engine's name of the container; empty until it was created.</summary>
    public string PodName { get; init; } = "";

    /// <summary>What its profile let it reach at the launch; null when nothing.</summary>
    public EgressRecord? Egress { get; init; }

    /// <summary>When its lifetime ends, UTC; null until it was created.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary><c>fence.json</c>.</summary>
internal sealed record FenceRecord(long Fence);

/// <summary><c>initialize.json</c>, <c>initialized.json</c>: written before the handshake's messages.</summary>
internal sealed record SentRecord(DateTimeOffset SentAt);

/// <summary><c>calls/{callId}.json</c>: written before the call's bytes. It holds no params.</summary>
internal sealed record CallRecord
{
    /// <summary>JSON-RPC method.</summary>
    public required string Method { get; init; }

    /// <summary>Hash of the body without its fence.</summary>
    public required string BodyHash { get; init; }

    /// <summary>When it was sent, UTC.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>Seconds until it is given up.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>An outcome that the output alone does not tell, such as a timeout.</summary>
    public CallOutcome? Outcome { get; init; }
}

/// <summary>How a call ended without a valid answer.</summary>
internal sealed record CallOutcome(CallStatus Status, CallError Error);

/// <summary><c>end.json</c>: the runner stopped the sandbox.</summary>
internal sealed record EndRecord(SandboxPhase Phase, string ReasonCode, string Reason, DateTimeOffset EndedAt);

/// <summary><c>tombstones/{id}.json</c>.</summary>
internal sealed record TombstoneRecord(DateTimeOffset DeletedAt);

/// <summary>What a sandbox may reach.</summary>
/// <param name="Nonce">Random; the sandbox' credential follows from it and the runner's token.</param>
/// <param name="Proof">SHA-256 of that credential in hex, by which a changed token is noticed.</param>
/// <param name="Rules">Of its profile at the launch.</param>
internal sealed record EgressRecord(string Nonce, string Proof, IReadOnlyList<EgressRule> Rules);
