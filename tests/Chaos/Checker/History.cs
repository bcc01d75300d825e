using Actors.Grains.Interfaces;
using Actors.Testing.NullRunner;

namespace Actors.Chaos.Checker;

/// <summary>All that is known after a run of chaos: what clients were told, what the database holds and held, what the outside world saw.</summary>
internal sealed record History
{
    public required IReadOnlyList<Submission> Submissions { get; init; }

    public required IReadOnlyDictionary<string, RunRecord> Runs { get; init; }

    public required IReadOnlyList<LedgerEntry> Ledger { get; init; }

    /// <summary>Kills, long pauses and long cuts of silos.</summary>
    public IReadOnlyList<SiloLoss> Losses { get; init; } = [];

    /// <summary>Runs whose silos were killed again and again: they must be quarantined.</summary>
    public IReadOnlyCollection<string> Poisoned { get; init; } = [];

    /// <summary>When the load ended, by the database's clock in milliseconds since 1970.</summary>
    public long LoadEnded { get; init; }

    /// <summary>Sandboxes that are alive at the end although nobody may want them; null when they were not looked at.</summary>
    public IReadOnlyList<string>? Orphans { get; init; }
}

/// <summary>What a client knows of one submit.</summary>
/// <param name="Key">Idempotency key.</param>
/// <param name="Acknowledged">Every run id that was given for the key, in the order of the answers.</param>
/// <param name="CancelAcknowledged">A cancel was answered while the run was not done.</param>
internal sealed record Submission(string Key, string Workflow, IReadOnlyList<string> Acknowledged, bool CancelAcknowledged);

/// <summary>One run in the database.</summary>
/// <param name="Trace">All entries, by number.</param>
/// <param name="Changes">Every change of its row, in the order of their commits.</param>
internal sealed record RunRecord(string Id, string Workflow, string? Key, bool Done, long TraceLength, IReadOnlyList<TraceEntry> Trace, IReadOnlyList<RowChange> Changes)
{
    /// <summary>Every command that was posted to its inbox, in the order of their commits.</summary>
    public IReadOnlyList<PostedCommand> Commands { get; init; } = [];

    /// <summary>The run's outcome; null while it has none.</summary>
    public string? Outcome => Trace is [.., { Kind: "done" } done] && done.Data.TryGetProperty("outcome", out var outcome) ? outcome.GetString() : null;

    public bool Has(string kind) => Trace.Any(e => e.Kind == kind);

    /// <summary>When an entry was committed, by the database's clock; null when no change of the row was seen.</summary>
    public long? CommittedAt(TraceEntry entry) => Changes.FirstOrDefault(c => c.TraceLength >= entry.Seq)?.At;
}

/// <summary>A command in a run's inbox.</summary>
/// <param name="Number">How many the run had with it.</param>
internal sealed record PostedCommand(string Kind, long Number);

/// <summary>One change of a run's row, recorded by a trigger.</summary>
/// <param name="At">The database's clock, milliseconds since 1970.</param>
/// <param name="Version">Of the row after the change.</param>
/// <param name="Client">Address of the session that made it.</param>
/// <param name="OwnerClient">Address of the session that made <paramref name="Owner"/> the owner.</param>
internal sealed record RowChange(long Seq, long At, long Version, long Epoch, string? Owner, long Commands, long TraceLength, string? Client, string? OwnerClient);

/// <summary>How a silo was lost.</summary>
internal enum LossKind
{
    Killed,
    Paused,
    Cut,
}

/// <summary>A silo was lost at a time of the database's clock.</summary>
/// <param name="Judged">Nothing else was broken for as long as a takeover may take.</param>
/// <param name="Alone">Nothing else was broken from half a minute before until a minute after, so that throughput can be compared.</param>
internal sealed record SiloLoss(long At, string Client, bool Judged, LossKind Kind = LossKind.Killed, bool Alone = false);

/// <summary>One broken invariant.</summary>
internal sealed record Violation(string Invariant, string Run, string What)
{
    public override string ToString() => $"{Invariant} {Run}: {What}";
}

/// <summary>What the checker expects of the environment.</summary>
internal sealed record CheckerLimits
{
    /// <summary>How late a reminder may be, faults included.</summary>
    public TimeSpan TimerLateness { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The 99th percentile of takeovers.</summary>
    public TimeSpan Takeover { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How much of the throughput must be back, and within which time after a silo was lost.</summary>
    public double ThroughputShare { get; init; } = 0.9;

    public TimeSpan ThroughputTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The runner removes a sandbox that nobody asked about for so long.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(45);
}
