using System.ComponentModel.DataAnnotations;

namespace Actors.Grains.Runs;

/// <summary>How many runs a silo carries, and how silos share them.</summary>
public sealed record RunOptions
{
    /// <summary>Runs that are worked on at once; more wait as queued.</summary>
    [Range(1, 10_000)]
    public int MaxActive { get; init; } = 32;

    /// <summary>Runs of one submitter that all silos together work on at once, about.</summary>
    [Range(1, 1_000_000)]
    public int MaxActivePerSubmitter { get; init; } = 1_000_000;

    /// <summary>Runs that may wait; a submit beyond is refused.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueued { get; init; } = 10_000;

    /// <summary>When the oldest queued run waits longer, submits are refused.</summary>
    public TimeSpan MaxQueueAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A silo that did not beat for so long loses its runs.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Takeovers without progress after which a run is given up.</summary>
    [Range(1, 1000)]
    public int MaxStrikes { get; init; } = 5;

    /// <summary>How long finished runs are kept; null for ever.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>How long a stopping silo waits for writes in flight.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);
}
