using System.Collections.Immutable;
using System.Text.Json;
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

    /// <summary>When the run must be looked at again at the latest; null when done.</summary>
    public DateTimeOffset? DueAt => Status == RunStatus.Done ? null : StopDeadline ?? Deadline;

    public StepState? RunningStep => Steps.FirstOrDefault(s => s.Status == StepStatus.Running);
}

/// <summary>Where one server's sandbox is.</summary>
internal enum ServerStatus
{
    Undecided,
    Admitted,
    Launching,
    Ready,
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

    public JsonElement? Result { get; init; }
}
