using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Runs;

/// <summary>A real store whose next commits fail, as on a full disk.</summary>
internal sealed class StoreFaults
{
    private int _failing;

    public void FailCommits(int count) => _failing = count;

    public IRunStore Around(IRunStore store) => new Faulty(store, this);

    private sealed class Faulty(IRunStore store, StoreFaults faults) : IRunStore
    {
        public Task<InsertResult?> InsertAsync(NewRun run, int mostQueued, CancellationToken cancellationToken) => store.InsertAsync(run, mostQueued, cancellationToken);

        public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => store.LoadAsync(id, cancellationToken);

        public Task<StoredRun?> ClaimAsync(RunId id, CancellationToken cancellationToken) => store.ClaimAsync(id, cancellationToken);

        public Task CommitAsync(RunCommit commit, CancellationToken cancellationToken) =>
            Interlocked.Decrement(ref faults._failing) >= 0 ? Task.FromException(new IOException("disk full")) : store.CommitAsync(commit, cancellationToken);

        public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) =>
            store.ReadTraceAsync(id, afterSeq, limit, bytes, cancellationToken);

        public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => store.LoadDefinitionAsync(hash, cancellationToken);

        public Task<IReadOnlyList<RunId>> FindAsync(RunStatus status, int limit, CancellationToken cancellationToken) => store.FindAsync(status, limit, cancellationToken);

        public Task<IReadOnlyList<RunId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => store.FindDueAsync(now, limit, cancellationToken);
    }
}
