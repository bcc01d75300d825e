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

    /// <summary>Puts a command into the run's inbox: any silo takes it, the run's owner carries it out. Returns once it is durable; null when there is no such run. A run that is done stays as it is.</summary>
    /// <exception cref="RunRejectedException">The kind is not known, the body is too large, or the run got too many commands.</exception>
    Task<RunView?> PostAsync(RunCommandRequest request, CancellationToken cancellationToken);

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

    /// <summary>Runs by descending id (newest first), at most <paramref name="limit"/>. <paramref name="before"/> is the last id of the page before.</summary>
    Task<IReadOnlyList<RunView>> ListAsync(RunQuery query, RunId? before, int limit, CancellationToken cancellationToken);

    /// <summary>The grain of that id; whether it exists shows at the first call.</summary>
    IRunGrain Get(RunId id);
}

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
}

/// <summary>Which runs to list; null members match all.</summary>
/// <param name="Submitter">Who asked for them.</param>
/// <param name="WorkflowId">Of this workflow.</param>
/// <param name="Status">In this part of their life.</param>
public sealed record RunQuery(string? Submitter = null, string? WorkflowId = null, RunStatus? Status = null);

/// <summary>Something that somebody wants of a run.</summary>
/// <param name="Kind">A known kind, such as <c>cancel</c>.</param>
/// <param name="By">Who.</param>
/// <param name="Body">What the kind needs; at most 64 KiB as JSON.</param>
public sealed record RunCommandRequest(string Kind, string By, JsonElement Body);

/// <summary>A submit or command that is not acceptable.</summary>
public sealed class RunRejectedException(RunError error) : Exception(error?.Message)
{
    /// <summary>Code, message and details.</summary>
    public RunError Error { get; } = error ?? throw new ArgumentNullException(nameof(error));
}
