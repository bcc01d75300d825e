using System.Collections.Immutable;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>Phase, end and noise of one sandbox; the first end is final.</summary>
internal sealed class SessionState
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, long> _noise = ImmutableDictionary.Create<string, long>(StringComparer.Ordinal);
    private long _noiseLines;

    /// <summary>Pulses when the phase changes.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>Phase now.</summary>
    public SandboxPhase Phase { get; private set; }

    /// <summary>True once it can't answer any more.</summary>
    public bool HasEnded => Phase is SandboxPhase.Exited or SandboxPhase.Failed or SandboxPhase.Stopped;

    /// <summary>Why it ended.</summary>
    public string? ReasonCode { get; private set; }

    /// <summary>Why it ended, for people.</summary>
    public string? Reason { get; private set; }

    /// <summary>Exit code, once known.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>What the server said of itself.</summary>
    public ServerIdentity? Server { get; private set; }

    /// <summary>Noise lines by kind.</summary>
    public IReadOnlyDictionary<string, long> Noise => _noise;

    /// <summary>Counts a noise line; gives the number of all of them.</summary>
    public long CountNoise(string kind)
    {
        lock (_gate)
        {
            _noise = _noise.SetItem(kind, _noise.GetValueOrDefault(kind) + 1);
            return ++_noiseLines;
        }
    }

    /// <summary>The handshake is done.</summary>
    public bool TryReady(ServerIdentity server)
    {
        lock (_gate)
        {
            if (Phase != SandboxPhase.Starting)
            {
                return false;
            }

            Server = server;
            Phase = SandboxPhase.Ready;
        }

        Changed.Pulse();
        return true;
    }

    /// <summary>Ends it; <paramref name="record"/> runs before anyone can see the end. False when it had ended already.</summary>
    public bool TryEnd(SandboxPhase phase, string code, string reason, int? exitCode, Action? record)
    {
        lock (_gate)
        {
            if (HasEnded)
            {
                return false;
            }

            record?.Invoke();
            ReasonCode = code;
            Reason = reason;
            ExitCode = exitCode;
            Phase = phase;
        }

        Changed.Pulse();
        return true;
    }
}
