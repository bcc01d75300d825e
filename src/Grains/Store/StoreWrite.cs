using System.Runtime.InteropServices;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Store;

/// <summary>One caller's part of a batch.</summary>
internal abstract class StoreWrite(RunId id, EncodedState state, IReadOnlyList<TraceEntry> trace)
{
    public RunId Id { get; } = id;

    public string State { get; } = state.Json;

    public IReadOnlyList<StoredValue> Values { get; } = state.Values;

    public IReadOnlyList<TraceEntry> Trace { get; } = trace;

    /// <summary>About how many bytes it writes.</summary>
    public long Size { get; } = state.Json.Length + state.Values.Sum(v => (long)(v.Body?.Length ?? 0)) + trace.Sum(e => (long)JsonMarshal.GetRawUtf8Value(e.Data).Length);

    /// <summary>An attempt failed without an answer: it may have been durable all the same.</summary>
    public bool IsUncertain { get; set; }

    /// <summary>Its caller has an answer already, or waits no more.</summary>
    public abstract bool IsOver { get; }

    public abstract void Fail(Exception fault);

    public abstract void Cancel(CancellationToken cancellationToken);
}

/// <summary>A new run.</summary>
internal sealed class InsertWrite(NewRun run) : StoreWrite(run.State.RunId, StateCodec.Encode(run.State, null), run.Trace)
{
    private readonly TaskCompletionSource<InsertResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NewRun Run { get; } = run;

    public Task<InsertResult> Answer => _answer.Task;

    public override bool IsOver => _answer.Task.IsCompleted;

    public override void Fail(Exception fault) => _answer.TrySetException(fault);

    public override void Cancel(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);

    public void Complete(InsertResult result) => _answer.TrySetResult(result);

    /// <summary>It was this insert that made the run.</summary>
    public void CompleteAsCreated()
    {
        var owned = Run.Owner is null ? 0 : 1;
        var stored = new StoredRun(
            StateCodec.Bare(Run.State), Run.Definition.Id, Run.Definition.Version, Run.DefinitionHash, 1, owned, Run.Trace.Count, Run.Trace[^1].Hash, 0, owned, Run.Owner);
        Complete(new InsertResult(stored, Created: true, Run.RequestHash));
    }
}

/// <summary>A transition.</summary>
internal sealed class CommitWrite(RunCommit commit) : StoreWrite(commit.State.RunId, StateCodec.Encode(commit.State, commit.Before.State), commit.Trace)
{
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RunCommit Commit { get; } = commit;

    public Task Answer => _answer.Task;

    public override bool IsOver => _answer.Task.IsCompleted;

    public bool IsDone => Commit.State.Status == RunStatus.Done;

    /// <summary>Of the last entry after this commit.</summary>
    public string Head => Trace.Count == 0 ? Commit.Before.TraceHead : Trace[^1].Hash;

    public override void Fail(Exception fault) => _answer.TrySetException(fault);

    public override void Cancel(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);

    public void Complete() => _answer.TrySetResult();
}

/// <summary>What goes into one transaction.</summary>
internal sealed class WriteBatch
{
    public WriteBatch(IEnumerable<StoreWrite> writes)
    {
        foreach (var write in writes)
        {
            if (write is InsertWrite insert)
            {
                Inserts.Add(insert);
            }
            else
            {
                Commits.Add((CommitWrite)write);
            }
        }
    }

    public List<InsertWrite> Inserts { get; } = [];

    public List<CommitWrite> Commits { get; } = [];
}
