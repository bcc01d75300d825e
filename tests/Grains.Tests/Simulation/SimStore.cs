using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Simulation;

/// <summary>What is broken on purpose, to see that the checker notices.</summary>
internal enum StoreMutation
{
    None,
    EpochCheckRemoved,
    TransactionSplit,
    LocalClockUsed,
    PollDropped,
}

/// <summary>The database's moods.</summary>
internal sealed class SimDatabase(SimWorld world, ModelRunStore model, StoreMutation mutation)
{
    public ModelRunStore Model => model;

    public SimWorld World => world;

    public StoreMutation Mutation => mutation;

    public bool IsDown { get; set; }

    /// <summary>How often an answer is lost though the work was done.</summary>
    public double LostAnswers { get; set; }

    /// <summary>How often a request is held up on its way, so that it arrives when its sender is thought dead.</summary>
    public double LateRequests { get; set; }
}

/// <summary>One silo's way to the store: each request takes a while, is done whether the silo lives or not, and its answer can be lost.</summary>
internal sealed class SimStore(SimDatabase database, SimProcess process, SimWakeUps wakeUps) : IRunStore
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LateWay = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Reconnect = TimeSpan.FromMilliseconds(100);

    public Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken) => Ask(m => m.InsertAsync(run, default), cancellationToken);

    public Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken) => Ask(m => m.FindAsync(submitter, idempotencyKey, default), cancellationToken);

    public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => Ask(m => m.LoadAsync(id, default), cancellationToken);

    public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) => Ask(m => m.FindOwnerAsync(id, default), cancellationToken);

    public Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken) => Ask(m => m.ListUnfinishedAsync(submitter, most, default), cancellationToken);

    public Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken) =>
        Ask(m => m.ListAsync(filter, before, limit, default), cancellationToken);

    public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) =>
        Ask(m => m.ReadTraceAsync(id, afterSeq, limit, bytes, default), cancellationToken);

    public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => Ask(m => m.LoadDefinitionAsync(hash, default), cancellationToken);

    public Task<QueueDepth> MeasureQueueAsync(int most, int format, int maxPerSubmitter, CancellationToken cancellationToken) =>
        Ask(m => m.MeasureQueueAsync(most, format, maxPerSubmitter, default), cancellationToken);

    public Task<SiloBeat> JoinAsync(SiloRecord silo, CancellationToken cancellationToken) => Ask(m => m.JoinAsync(silo, default), cancellationToken);

    public Task<SiloBeat?> BeatAsync(SiloId silo, CancellationToken cancellationToken) => Ask(m => m.BeatAsync(silo, default), cancellationToken);

    public Task LeaveAsync(SiloId silo, bool drained, CancellationToken cancellationToken) => Ask(m => Done(m.LeaveAsync(silo, drained, default)), cancellationToken);

    public Task<int> EvictAsync(TimeSpan lease, CancellationToken cancellationToken) => Ask(
        m =>
        {
            m.LeaseTime = database.Mutation == StoreMutation.LocalClockUsed ? process.Time : null;
            return m.EvictAsync(lease, default);
        },
        cancellationToken);

    public Task<IReadOnlyList<SiloRecord>> ListSilosAsync(CancellationToken cancellationToken) => Ask(m => m.ListSilosAsync(default), cancellationToken);

    public Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken) => Ask(
        m => database.Mutation == StoreMutation.PollDropped && !wakeUps.TakeHeard() ? Task.FromResult<IReadOnlyList<ClaimedRun>>([]) : m.ClaimAsync(claim, default),
        cancellationToken);

    public Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken) => Ask(m => m.ListOwnedAsync(silo, default), cancellationToken);

    public Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken) => Ask(m => Done(m.ReleaseAsync(silo, run, pause, default)), cancellationToken);

    public async Task CommitAsync(RunCommit commit, CancellationToken cancellationToken)
    {
        if (database.Mutation != StoreMutation.TransactionSplit)
        {
            await Ask(m => Done(m.CommitAsync(commit, default)), cancellationToken);
            return;
        }

        await Ask(
            m => Attempt(() =>
            {
                m.Store(commit, []);
                return true;
            }),
            cancellationToken);
        await Ask(
            m => Attempt(() =>
            {
                m.AppendTrace(commit.State.RunId, commit.Trace);
                return true;
            }),
            cancellationToken);
    }

    public Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken) => Ask(m => m.PostAsync(id, command, default), cancellationToken);

    public Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken) => Ask(m => m.ReadInboxAsync(silo, id, default), cancellationToken);

    public Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken) => Ask(m => m.MaintainAsync(retention, default), cancellationToken);

    private Task<T> Ask<T>(Func<ModelRunStore, Task<T>> work, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<T>();
        Send(work, answer, cancellationToken);
        return answer.Task.WaitAsync(cancellationToken);
    }

    private void Send<T>(Func<ModelRunStore, Task<T>> work, TaskCompletionSource<T> answer, CancellationToken cancellationToken)
    {
        var world = database.World;
        world.After(world.Upto(world.Chance(database.LateRequests) ? LateWay : Way), () =>
        {
            if (database.IsDown)
            {
                // The client connects anew until it is told to stop.
                if (!cancellationToken.IsCancellationRequested && !process.IsCrashed)
                {
                    world.After(Reconnect, () => Send(work, answer, cancellationToken));
                }

                return;
            }

            var done = work(database.Model);
            var lost = world.Chance(database.LostAnswers);
            world.After(world.Upto(Way), () => Complete(answer, lost ? Task.FromException<T>(new IOException("the answer was lost")) : done));
        });
    }

    private static void Complete<T>(TaskCompletionSource<T> answer, Task<T> done)
    {
        if (done.IsFaulted)
        {
            answer.TrySetException(done.Exception.InnerException!);
        }
        else
        {
            answer.TrySetResult(done.GetAwaiter().GetResult());
        }
    }

    private static Task<bool> Done(Task task) => task.IsFaulted ? Task.FromException<bool>(task.Exception.InnerException!) : Task.FromResult(true);

    private static Task<T> Attempt<T>(Func<T> work)
    {
        try
        {
            return Task.FromResult(work());
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }
}

/// <summary>Hints that come late, twice or never.</summary>
internal sealed class SimWakeUps(SimWorld world, SimProcess process, List<SimWakeUps> all) : IWakeUps
{
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(3);
    private TaskCompletionSource _hint = new();
    private bool _heard;

    public async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await _hint.Task.WaitAsync(most, process.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return;
        }

        _hint = new();
    }

    public void Send()
    {
        foreach (var other in all)
        {
            for (var copies = world.Random.Next(3); copies > 0; copies--)
            {
                world.After(world.Upto(Way), other.Hear);
            }
        }
    }

    /// <summary>Whether a hint came since the last call.</summary>
    public bool TakeHeard()
    {
        var heard = _heard;
        _heard = false;
        return heard;
    }

    private void Hear()
    {
        _heard = true;
        _hint.TrySetResult();
    }
}
