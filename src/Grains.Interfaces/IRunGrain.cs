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

/// <summary>A submit that is not acceptable.</summary>
public sealed class RunRejectedException(RunError error) : Exception(error?.Message)
{
    /// <summary>Code, message and details.</summary>
    public RunError Error { get; } = error ?? throw new ArgumentNullException(nameof(error));
}
