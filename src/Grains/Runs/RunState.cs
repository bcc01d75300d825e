using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>Everything a run needs to go on after a crash. Stored as JSON in one row; working values (params, results) leave it when the run is done.</summary>
internal sealed record RunState
{
    /// <summary>Grows when an older program could not read what this one writes.</summary>
    public const int CurrentFormat = 1;

    public required RunId RunId { get; init; }

    public required string Submitter { get; init; }

    public required RunStatus Status { get; init; }

    /// <summary>The outcome that was decided; sandboxes may still have to be stopped.</summary>
    public RunOutcome? Outcome { get; init; }

    public RunError? Error { get; init; }

    public JsonElement? Params { get; init; }

    public JsonElement? Output { get; init; }

    public required ImmutableSortedDictionary<string, ServerState> Servers { get; init; }

    public required ImmutableArray<StepState> Steps { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Set with <see cref="Outcome"/>: sandboxes that are not confirmed gone by then are left to the runner's reaper.</summary>
    public DateTimeOffset? StopDeadline { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the run must be looked at again at the latest: the earliest of its deadlines, waits and pauses; null when done.</summary>
    [JsonIgnore]
    public DateTimeOffset? DueAt => Status == RunStatus.Done ? null : StopDeadline ?? Steps.Aggregate(Deadline, (due, s) => Earlier(Earlier(due, s.Until), s.RetryAt));

    [JsonIgnore]
    public StepState? RunningStep => Steps.FirstOrDefault(s => s.Status == StepStatus.Running);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset? b) => b < a ? b.Value : a;
}

/// <summary>Where one server's sandbox is.</summary>
internal enum ServerStatus
{
    Undecided,
    Admitted,
    Launching,
    Ready,

    /// <summary>Not needed any more, or about to be launched anew.</summary>
    Stopping,
    Stopped,
}

internal sealed record ServerState
{
    public required ServerStatus Status { get; init; }

    /// <summary>The only reference that is launched: <c>host/repository@sha256:…</c>.</summary>
    public string? Reference { get; init; }

    /// <summary>1 for the first sandbox, 0 before.</summary>
    public int Attempt { get; init; }

    /// <summary>Tools that may be called again without harm, by the server's own hints.</summary>
    public ImmutableSortedSet<string> RepeatableTools { get; init; } = [];
}

internal sealed record StepState
{
    public required string Id { get; init; }

    public required StepStatus Status { get; init; }

    /// <summary>Calls made or in flight.</summary>
    public int Attempt { get; init; }

    /// <summary>Repetitions because a sandbox went away under a call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Interruptions { get; init; }

    /// <summary>Repetitions that the step's <c>retry</c> allowed, of launches and calls together.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Retries { get; init; }

    /// <summary>Nothing is done for the step before.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>When the wait for an approval or a signal times out; null for the run's deadline.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The question of the approval that is waited for.</summary>
    public string? Message { get; init; }

    /// <summary>Set before the step is reached when its signal came early.</summary>
    public JsonElement? Result { get; init; }
}
