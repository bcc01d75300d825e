namespace Actors.Chaos.Faults;

/// <summary>Which faults must not overlap: one acts on a silo's process, the other on what all silos need.</summary>
internal enum Lane
{
    Silo,
    Shared,
}

/// <summary>One kind of fault: injects it and heals it again. A fault that is cut short is healed at the end.</summary>
/// <param name="Kind">Its name in the report.</param>
/// <param name="LeastMinutes">Only in runs of at least that length.</param>
internal sealed record Fault(string Kind, Lane Lane, Func<ChaosWorld, Random, CancellationToken, Task> InjectAsync, double LeastMinutes = 0)
{
    /// <summary>A fault of one silo that must be judged alone: no fault of what all silos need meanwhile.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Why it cannot be injected here; null when it can.</summary>
    public Func<ChaosWorld, string?> Skip { get; init; } = _ => null;
}
