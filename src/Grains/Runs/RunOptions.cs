using System.ComponentModel.DataAnnotations;

namespace Actors.Grains.Runs;

/// <summary>How many runs a silo carries.</summary>
public sealed record RunOptions
{
    /// <summary>Runs that are worked on at once; more wait as queued.</summary>
    [Range(1, 10_000)]
    public int MaxActive { get; init; } = 32;

    /// <summary>Runs that may wait; a submit beyond is refused.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueued { get; init; } = 10_000;
}
