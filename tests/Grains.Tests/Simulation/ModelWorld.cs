using System.Collections.Immutable;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Everything that is durable, as one immutable value: a rewind is an assignment.</summary>
internal sealed record ModelWorld
{
    public ImmutableSortedDictionary<string, ModelRun> Runs { get; init; } = ImmutableSortedDictionary.Create<string, ModelRun>(StringComparer.Ordinal);

    public ImmutableDictionary<(string Submitter, string Key), string> Keys { get; init; } = ImmutableDictionary<(string, string), string>.Empty;

    public ImmutableDictionary<string, WorkflowDefinition> Definitions { get; init; } = ImmutableDictionary<string, WorkflowDefinition>.Empty;

    public ImmutableDictionary<SiloId, SiloRecord> Silos { get; init; } = ImmutableDictionary<SiloId, SiloRecord>.Empty;

    public long Timeline { get; init; } = 1;

    public ModelWorld With(ModelRun run) => this with { Runs = Runs.SetItem(run.Id, run) };
}

/// <summary>One run with all that belongs to it.</summary>
internal sealed record ModelRun
{
    public required NewRun New { get; init; }

    public required StoredRun Stored { get; init; }

    public required ImmutableList<TraceEntry> Trace { get; init; }

    public ImmutableList<PostedCommand> Inbox { get; init; } = [];

    /// <summary>When it is to be picked up; null when owned or done.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public string Id => New.State.RunId.Value;

    public bool IsQueued => Stored.State.Status == RunStatus.Queued && Stored.Owner is null;

    public bool IsDone => Stored.State.Status == RunStatus.Done;

    /// <summary>Unowned and due.</summary>
    public ModelRun Freed(DateTimeOffset dueAt) => this with { Stored = Stored with { Owner = null }, DueAt = dueAt };
}

/// <summary>What the store did, for a checker.</summary>
internal abstract record ModelChange(DateTimeOffset At);

internal sealed record RunInserted(DateTimeOffset At, RunId Run) : ModelChange(At);

internal sealed record RunClaimed(DateTimeOffset At, RunId Run, SiloId Silo, long Epoch) : ModelChange(At);

internal sealed record RunCommitted(DateTimeOffset At, RunCommit Commit, StoredRun After) : ModelChange(At);

internal sealed record CommandPosted(DateTimeOffset At, PostedCommand Posted) : ModelChange(At);

/// <summary>It left (<paramref name="LastBeat"/> null) or was evicted.</summary>
internal sealed record SiloRemoved(DateTimeOffset At, SiloId Silo, DateTimeOffset? LastBeat) : ModelChange(At);

internal sealed record WorldRewound(DateTimeOffset At) : ModelChange(At);
