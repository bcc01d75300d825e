using System.Collections.Concurrent;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Benchmarks.Engine;

/// <summary>Passes everything on, and keeps what one run writes.</summary>
internal sealed class RecordingStore(IRunStore store) : IRunStore
{
    private readonly ConcurrentQueue<RunCommit> _commits = new();

    public NewRun? Inserted { get; private set; }

    public IReadOnlyList<RunCommit> Commits => [.. _commits];

    public Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken)
    {
        Inserted ??= run;
        return store.InsertAsync(run, cancellationToken);
    }

    public Task CommitAsync(RunCommit commit, CancellationToken cancellationToken)
    {
        _commits.Enqueue(commit);
        return store.CommitAsync(commit, cancellationToken);
    }

    public Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken) => store.FindAsync(submitter, idempotencyKey, cancellationToken);

    public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => store.LoadAsync(id, cancellationToken);

    public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) => store.FindOwnerAsync(id, cancellationToken);

    public Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken) => store.ListUnfinishedAsync(submitter, most, cancellationToken);

    public Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken) => store.ListAsync(filter, before, limit, cancellationToken);

    public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) => store.ReadTraceAsync(id, afterSeq, limit, bytes, cancellationToken);

    public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => store.LoadDefinitionAsync(hash, cancellationToken);

    public Task<QueueDepth> MeasureQueueAsync(int most, int format, int maxPerSubmitter, CancellationToken cancellationToken) =>
        store.MeasureQueueAsync(most, format, maxPerSubmitter, cancellationToken);

    public Task<SiloBeat> JoinAsync(SiloRecord silo, CancellationToken cancellationToken) => store.JoinAsync(silo, cancellationToken);

    public Task<SiloBeat?> BeatAsync(SiloId silo, CancellationToken cancellationToken) => store.BeatAsync(silo, cancellationToken);

    public Task LeaveAsync(SiloId silo, bool drained, CancellationToken cancellationToken) => store.LeaveAsync(silo, drained, cancellationToken);

    public Task<int> EvictAsync(TimeSpan lease, CancellationToken cancellationToken) => store.EvictAsync(lease, cancellationToken);

    public Task<IReadOnlyList<SiloRecord>> ListSilosAsync(CancellationToken cancellationToken) => store.ListSilosAsync(cancellationToken);

    public Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken) => store.ClaimAsync(claim, cancellationToken);

    public Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken) => store.ListOwnedAsync(silo, cancellationToken);

    public Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken) => store.ReleaseAsync(silo, run, pause, cancellationToken);

    public Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken) => store.PostAsync(id, command, cancellationToken);

    public Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken) => store.ReadInboxAsync(silo, id, cancellationToken);

    public Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken) => store.MaintainAsync(retention, cancellationToken);
}
