using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>One launched sandbox as the endpoints see it.</summary>
internal sealed class Sandbox(LaunchRecord launch, SandboxJournal journal, McpSession session, SandboxEgress egress, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _fence = Math.Max(launch.Request.Fence, journal.Fence);
    private long _lastContact = time.GetTimestamp();

    /// <summary>Its id.</summary>
    public string Id => launch.Request.Id;

    /// <summary>What was launched.</summary>
    public LaunchRecord Launch => launch;

    /// <summary>Its files.</summary>
    public SandboxJournal Journal => journal;

    /// <summary>Its conversation.</summary>
    public McpSession Session => session;

    /// <summary>How long nobody has named it.</summary>
    public TimeSpan SinceContact => time.GetElapsedTime(Interlocked.Read(ref _lastContact));

    /// <summary>Somebody named it.</summary>
    public void Touch() => Interlocked.Exchange(ref _lastContact, time.GetTimestamp());

    /// <summary>Refuses an older owner; remembers a newer one on disk before it may act.</summary>
    public void CheckFence(long fence)
    {
        lock (_gate)
        {
            if (fence < _fence)
            {
                throw RunnerProblem.StaleFence(fence, _fence);
            }

            if (fence > _fence)
            {
                journal.WriteFence(fence);
                _fence = fence;
            }
        }
    }

    /// <summary>The answer to a launch.</summary>
    public LaunchResponse Launched() => new()
    {
        Id = Id,
        PodName = launch.PodName,
        ImageDigest = launch.Decision.Digest ?? "",
        Runtime = launch.Runtime,
        Decision = launch.Decision,
    };

    /// <summary>What is known of it now.</summary>
    public SandboxView View()
    {
        var state = session.State;
        return new SandboxView
        {
            Id = Id,
            Phase = state.Phase,
            ReasonCode = state.ReasonCode,
            Reason = state.Reason,
            ExitCode = state.ExitCode,
            ImageDigest = launch.Decision.Digest ?? "",
            PodName = launch.PodName,
            Runtime = launch.Runtime,
            IsolationProof = launch.IsolationProof,
            Server = state.Server,
            Evidence = new SandboxEvidence { StderrTail = session.Stderr.ReadTail(), StdoutBytes = session.StdoutBytes, ProtocolNoise = state.Noise, Egress = egress.Evidence(Id) },
        };
    }
}
