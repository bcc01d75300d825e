using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Runs;

/// <summary>A store whose next commits fail, as on a full disk.</summary>
internal sealed class StoreFaults
{
    private int _failing;
    private int _failingAfter;
    private Exception _fault = new IOException("disk full");

    public void FailCommits(int count, Exception? fault = null)
    {
        _fault = fault ?? new IOException("disk full");
        _failing = count;
    }

    /// <summary>Loading a definition fails as long as it is set.</summary>
    public Exception? OnDefinition { get; set; }

    /// <summary>The next commits are made, but their answers are lost.</summary>
    public void LoseAnswers(int count) => _failingAfter = count;

    public IRunStore Around(IRunStore store) => new Faulty(store, this);

    private sealed class Faulty(IRunStore store, StoreFaults faults) : IRunStore
    {
        public Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken) => store.InsertAsync(run, cancellationToken);

        public Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken) => store.FindAsync(submitter, idempotencyKey, cancellationToken);

        public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => store.LoadAsync(id, cancellationToken);

        public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) => store.FindOwnerAsync(id, cancellationToken);

        public Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken) => store.ListUnfinishedAsync(submitter, most, cancellationToken);

        public Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken) => store.ListAsync(filter, before, limit, cancellationToken);

        public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) =>
            store.ReadTraceAsync(id, afterSeq, limit, bytes, cancellationToken);

        public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) =>
            faults.OnDefinition is { } fault ? Task.FromException<WorkflowDefinition?>(fault) : store.LoadDefinitionAsync(hash, cancellationToken);

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

        public async Task CommitAsync(RunCommit commit, CancellationToken cancellationToken)
        {
            if (Interlocked.Decrement(ref faults._failing) >= 0)
            {
                throw faults._fault;
            }

            await store.CommitAsync(commit, cancellationToken);
            if (Interlocked.Decrement(ref faults._failingAfter) >= 0)
            {
                throw new IOException("connection lost");
            }
        }

        public Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken) => store.PostAsync(id, command, cancellationToken);

        public Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken) => store.ReadInboxAsync(silo, id, cancellationToken);

        public Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken) => store.MaintainAsync(retention, cancellationToken);
    }
}
