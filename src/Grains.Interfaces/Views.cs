using System.Text.Json;
using System.Text.Json.Serialization;

namespace Actors.Grains.Interfaces;

/// <summary>Where a run is in its life.</summary>
public enum RunStatus
{
    /// <summary>Persisted, not started.</summary>
    Queued,

    /// <summary>The policy gate decides every image.</summary>
    Verifying,

    /// <summary>Sandboxes run, steps call tools.</summary>
    Running,

    /// <summary>Ended; see <see cref="RunOutcome"/>.</summary>
    Done,
}

/// <summary>How a run ended.</summary>
public enum RunOutcome
{
    /// <summary>Every step succeeded.</summary>
    Succeeded,

    /// <summary>A step failed.</summary>
    Failed,

    /// <summary>The policy gate refused an image.</summary>
    Rejected,

    /// <summary>Stopped on request.</summary>
    Cancelled,

    /// <summary>The run's time was over.</summary>
    TimedOut,
}

/// <summary>A typed error: what, where, and how to mend it.</summary>
/// <param name="Code">Stable, snake_case.</param>
/// <param name="Message">One or two sentences that name the thing and the fix.</param>
/// <param name="Step">Step id, when a step is at fault.</param>
/// <param name="Server">Server id, when a server is at fault.</param>
/// <param name="Details">One line per fault, when there are several.</param>
public sealed record RunError(string Code, string Message, string? Step = null, string? Server = null, IReadOnlyList<string>? Details = null)
{
    /// <summary>When the same request may be repeated, if it may.</summary>
    public int? RetryAfterSeconds { get; init; }
}

/// <summary>A run as callers see it. Values are redacted.</summary>
public sealed record RunView
{
    /// <summary>Id of the run.</summary>
    public required string RunId { get; init; }

    /// <summary>The workflow that it runs.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>Version of the workflow at submit.</summary>
    public required string WorkflowVersion { get; init; }

    /// <summary>Who submitted it, and so owns it.</summary>
    public required string Submitter { get; init; }

    /// <summary>Life cycle.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Set when done.</summary>
    public RunOutcome? Outcome { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public RunError? Error { get; init; }

    /// <summary>The workflow's output, when it succeeded.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>Each step in order.</summary>
    public required IReadOnlyList<StepView> Steps { get; init; }

    /// <summary>What it waits for; null while it works.</summary>
    public WaitView? WaitingFor { get; init; }

    /// <summary>True only in the answer of the submit that created the run; a repeat under the same idempotency key gives false.</summary>
    [JsonIgnore]
    public bool IsNew { get; init; }

    /// <summary>Grows with every change.</summary>
    public required long Version { get; init; }

    /// <summary>SHA-256 (hex) of the newest trace entry: keep it to prove later that the trace was not rewritten.</summary>
    public required string TraceHead { get; init; }

    /// <summary>Number of trace entries.</summary>
    public required long TraceLength { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; the run is stopped then.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>UTC, when done.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Life cycle of a step.</summary>
public enum StepStatus
{
    /// <summary>Not started.</summary>
    Pending,

    /// <summary>Its call is in flight.</summary>
    Running,

    /// <summary>It waits for an approval or a signal.</summary>
    Waiting,

    /// <summary>Answered.</summary>
    Succeeded,

    /// <summary>Failed.</summary>
    Failed,
}

/// <summary>What a step does.</summary>
public enum StepKind
{
    /// <summary>Calls a tool of a server.</summary>
    Call,

    /// <summary>Waits until somebody approves or rejects.</summary>
    Approval,

    /// <summary>Waits for a signal.</summary>
    Signal,
}

/// <summary>One step as callers see it.</summary>
/// <param name="Id">Step id.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Server">Server id, of a call.</param>
/// <param name="Tool">Tool name, of a call.</param>
/// <param name="Status">Life cycle.</param>
/// <param name="Attempt">1 for the first call, 0 before.</param>
public sealed record StepView(string Id, StepKind Kind, string? Server, string? Tool, StepStatus Status, int Attempt);

/// <summary>Progress of a call, in the words of an untrusted server.</summary>
/// <param name="Step">Step id.</param>
/// <param name="Progress">In the server's own unit.</param>
/// <param name="Total">Where <paramref name="Progress"/> ends; null when unknown.</param>
/// <param name="Message">At most 1024 characters, redacted.</param>
public sealed record CallProgressView(string Step, double Progress, double? Total, string? Message);

/// <summary>What a run waits for.</summary>
public enum WaitKind
{
    /// <summary>An approval: <see cref="IRunGrain.ApproveAsync"/>.</summary>
    Approval,

    /// <summary>A signal: <see cref="IRunGrain.SignalAsync"/>.</summary>
    Signal,

    /// <summary>The next attempt of a step.</summary>
    Retry,
}

/// <summary>What a run waits for, and how long.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Step">Step id.</param>
/// <param name="Message">What the approver is asked, redacted.</param>
/// <param name="Signal">Name of the signal.</param>
/// <param name="Until">UTC: when the wait times out, or when the next attempt begins.</param>
public sealed record WaitView(WaitKind Kind, string Step, string? Message, string? Signal, DateTimeOffset Until);

/// <summary>A run in a list.</summary>
public sealed record RunSummary
{
    /// <summary>Id of the run.</summary>
    public required string RunId { get; init; }

    /// <summary>The workflow that it runs.</summary>
    public required string WorkflowId { get; init; }

    /// <summary>Version of the workflow at submit.</summary>
    public required string WorkflowVersion { get; init; }

    /// <summary>Who submitted it.</summary>
    public required string Submitter { get; init; }

    /// <summary>Life cycle.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Set when done.</summary>
    public RunOutcome? Outcome { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public RunError? Error { get; init; }

    /// <summary>What it waits for; null while it works.</summary>
    public WaitView? WaitingFor { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>UTC; the run is stopped then.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>UTC, when done.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>A part of the list of runs.</summary>
/// <param name="Runs">The newest first.</param>
/// <param name="NextCursor">Present when there may be more.</param>
public sealed record RunListPage(IReadOnlyList<RunSummary> Runs, string? NextCursor);

/// <summary>A workflow as callers see it.</summary>
/// <param name="Id">Id to run it by.</param>
/// <param name="Version">Version of the definition.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Params">JSON Schema of the params.</param>
/// <param name="Steps">What it calls.</param>
public sealed record WorkflowView(string Id, string Version, string Description, JsonElement Params, IReadOnlyList<WorkflowStepView> Steps);

/// <summary>One step of a workflow as callers see it.</summary>
/// <param name="Id">Step id.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Server">Server id, of a call.</param>
/// <param name="Tool">Tool name, of a call.</param>
/// <param name="Image">The server's image reference as written, of a call.</param>
/// <param name="Signal">Name of the signal that it waits for.</param>
/// <param name="Payload">JSON Schema of the signal's payload; null for any.</param>
public sealed record WorkflowStepView(string Id, StepKind Kind, string? Server, string? Tool, string? Image, string? Signal, JsonElement? Payload);

/// <summary>A part of a run's trace.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Entries">In order.</param>
/// <param name="Total">Entries stored for the run.</param>
/// <param name="Sealed">True when the run is done and the last entry closed the trace.</param>
public sealed record TracePage(string RunId, IReadOnlyList<TraceEntry> Entries, long Total, bool Sealed);
