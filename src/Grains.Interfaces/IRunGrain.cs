using System.Text.Json;

namespace Actors.Grains.Interfaces;

/// <summary>One run. Resolved by id from anywhere; every call reads or changes the run's durable state.</summary>
public interface IRunGrain
{
    /// <summary>The run as it is now, or null when there is no such run.</summary>
    Task<RunView?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Returns as soon as the run's version is greater than <paramref name="afterVersion"/> or the run is done, at the latest after <paramref name="wait"/>. Null when there is no such run.</summary>
    Task<RunView?> WaitAsync(long afterVersion, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Asks the run to stop. Returns once the request is durable; null when there is no such run. A run that is done stays as it is.</summary>
    Task<RunView?> CancelAsync(string by, string? reason, CancellationToken cancellationToken);

    /// <summary>Answers an approval that the run waits for. Returns once the answer is durable; null when there is no such run.</summary>
    /// <param name="by">Who decides.</param>
    /// <param name="step">Id of the approval step.</param>
    /// <param name="approved">False ends the run as failed with code <c>approval_rejected</c>.</param>
    /// <param name="note">At most 500 characters, kept in the trace and in the step's result.</param>
    /// <param name="cancellationToken">Gives up the wait for durability.</param>
    /// <exception cref="RunRejectedException"><c>unknown_step</c>, <c>not_waiting</c> or <c>invalid_note</c>; nothing was stored.</exception>
    Task<RunView?> ApproveAsync(string by, string step, bool approved, string? note, CancellationToken cancellationToken);

    /// <summary>Gives the run a signal. One that comes before its step is kept for it. Returns once it is durable; null when there is no such run.</summary>
    /// <param name="by">Who sends it.</param>
    /// <param name="name">Name of the signal.</param>
    /// <param name="payload">Becomes the step's result: at most 64 KiB as UTF-8 and 48 levels, fitting the step's schema.</param>
    /// <param name="cancellationToken">Gives up the wait for durability.</param>
    /// <exception cref="RunRejectedException"><c>unknown_signal</c>, <c>not_waiting</c>, <c>payload_too_large</c> or <c>invalid_payload</c>; nothing was stored.</exception>
    Task<RunView?> SignalAsync(string by, string name, JsonElement payload, CancellationToken cancellationToken);

    /// <summary>What the server of the running call says of its progress, as soon as that is another than <paramref name="seen"/> (-1 for none yet). Null when no call runs, when it ended first, when nothing came in about 20 s, or when it cannot be asked.</summary>
    Task<CallProgressView?> GetProgressAsync(double seen, CancellationToken cancellationToken);

    /// <summary>Trace entries with a number greater than <paramref name="afterSeq"/>, in order, at most <paramref name="limit"/>. Null when there is no such run.</summary>
    Task<TracePage?> GetTraceAsync(long afterSeq, int limit, CancellationToken cancellationToken);
}

/// <summary>The way in: finds workflows and runs.</summary>
public interface IRunDirectory
{
    /// <summary>The workflows that can be run.</summary>
    IReadOnlyList<WorkflowView> Workflows { get; }

    /// <summary>Validates and persists a run; it is durable when this returns.</summary>
    /// <exception cref="RunRejectedException">The input is not acceptable; nothing was stored.</exception>
    Task<RunView> SubmitAsync(SubmitRequest request, CancellationToken cancellationToken);

    /// <summary>The grain of that id; whether it exists shows at the first call.</summary>
    IRunGrain Get(RunId id);

    /// <summary>Whose run it is; null when there is none. Costs about the same either way.</summary>
    Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Runs, the newest first, page by page.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_cursor</c>.</exception>
    Task<RunListPage> ListAsync(RunListRequest request, CancellationToken cancellationToken);
}

/// <summary>Whose a run is.</summary>
/// <param name="Submitter">Who submitted it.</param>
/// <param name="WorkflowId">What it runs.</param>
public sealed record RunOwner(string Submitter, string WorkflowId);

/// <summary>A request to run a workflow.</summary>
public sealed record SubmitRequest
{
    /// <summary>Id of a loaded workflow.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>A JSON object that fits the workflow's params schema; at most 256 KiB as UTF-8.</summary>
    public required JsonElement Params { get; init; }

    /// <summary>Repeating a submit with the same key and the same workflow and params returns the same run. 1 to 128 printable ASCII characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Who asks.</summary>
    public required string Submitter { get; init; }

    /// <summary>Most runs of the submitter that are not done, this one included; null for no bound. Exact within a silo; silos that submit at the same moment do not see each other.</summary>
    public int? MostUnfinished { get; init; }
}

/// <summary>What to list; null members match all.</summary>
public sealed record RunListRequest
{
    /// <summary>Most runs of a page.</summary>
    public const int MostRuns = 100;

    /// <summary>Runs of one submitter.</summary>
    public string? Submitter { get; init; }

    /// <summary>Runs of one workflow.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>Runs of any of these workflows.</summary>
    public IReadOnlyList<string>? WorkflowIds { get; init; }

    /// <summary>Runs in one status.</summary>
    public RunStatus? Status { get; init; }

    /// <summary><see cref="RunListPage.NextCursor"/> of the page before; null for the first page.</summary>
    public string? Cursor { get; init; }

    /// <summary>1 to <see cref="MostRuns"/>.</summary>
    public int Limit { get; init; } = 20;
}

/// <summary>A request that is not acceptable.</summary>
public sealed class RunRejectedException(RunError error) : Exception(error?.Message)
{
    /// <summary>Code, message and details.</summary>
    public RunError Error { get; } = error ?? throw new ArgumentNullException(nameof(error));
}
