using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;

namespace Actors.Grains.Store;

/// <summary>The durable home of runs. Every implementation passes the same conformance suite. A method that returns has made its change durable.</summary>
internal interface IRunStore
{
    /// <summary>Inserts a run with its first trace entry; when the submitter used the idempotency key before, gives the run of that time instead. Null, and nothing stored, when <paramref name="mostQueued"/> runs wait already.</summary>
    Task<InsertResult?> InsertAsync(NewRun run, int mostQueued, CancellationToken cancellationToken);

    /// <summary>Reads a run; null when there is none.</summary>
    Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Makes the caller the run's owner: raises the epoch, so that every write by an earlier owner fails. Null when there is no such run.</summary>
    Task<StoredRun?> ClaimAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Writes state, trace entries and reminder in one transaction.</summary>
    /// <exception cref="LostOwnershipException">The run's epoch or version is not the expected one; nothing was written.</exception>
    Task CommitAsync(RunCommit commit, CancellationToken cancellationToken);

    /// <summary>Trace entries in order, at most <paramref name="limit"/> and about <paramref name="bytes"/> of data, but at least one; null when there is no such run.</summary>
    Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken);

    /// <summary>The definition that a run was submitted with; null when unknown.</summary>
    Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Runs in that status, oldest first.</summary>
    Task<IReadOnlyList<RunId>> FindAsync(RunStatus status, int limit, CancellationToken cancellationToken);

    /// <summary>Runs whose reminder is due at <paramref name="now"/>, the longest due first.</summary>
    Task<IReadOnlyList<RunId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);
}

/// <summary>A run to insert.</summary>
/// <param name="State">Its first state.</param>
/// <param name="Definition">What it runs; stored once per hash.</param>
/// <param name="DefinitionHash">Pinned to the run.</param>
/// <param name="IdempotencyKey">Unique per submitter, or null.</param>
/// <param name="RequestHash">Tells a repeated request from another one under the same key.</param>
/// <param name="Trace">Its first entries.</param>
internal sealed record NewRun(RunState State, WorkflowDefinition Definition, string DefinitionHash, string? IdempotencyKey, string RequestHash, IReadOnlyList<TraceEntry> Trace);

/// <summary>What became of an insert.</summary>
/// <param name="Run">The run, new or earlier.</param>
/// <param name="Created">False when it is an earlier one.</param>
/// <param name="RequestHash">Of the request that created the run.</param>
internal sealed record InsertResult(StoredRun Run, bool Created, string RequestHash);

/// <summary>A run as stored.</summary>
/// <param name="Version">1 after the insert; plus 1 per commit.</param>
/// <param name="Epoch">0 after the insert; plus 1 per claim.</param>
/// <param name="TraceHead">Hash of the last entry.</param>
internal sealed record StoredRun(RunState State, string WorkflowId, string WorkflowVersion, string DefinitionHash, long Version, long Epoch, long TraceLength, string TraceHead);

/// <summary>One transition's writes.</summary>
/// <param name="Epoch">The owner's.</param>
/// <param name="ExpectedVersion">The version that the state was derived from.</param>
internal sealed record RunCommit(RunState State, long Epoch, long ExpectedVersion, IReadOnlyList<TraceEntry> Trace);

/// <summary>Somebody else owns the run now: stop working on it and write nothing.</summary>
internal sealed class LostOwnershipException(RunId id) : Exception($"{id} is owned by another epoch now");
