namespace Actors.Chaos;

/// <summary>What breaks the product on purpose, to prove that the checker sees it.</summary>
internal enum Mutation
{
    None,

    /// <summary>A write carries no epoch, version and owner: the statements are edited on their way.</summary>
    Fence,

    /// <summary>State and trace are not written together: a trigger drops some trace entries.</summary>
    Split,

    /// <summary>One silo's time predicates use a clock that is ahead.</summary>
    Clock,

    /// <summary>Runs that nobody owns are not found again.</summary>
    Poll,
}

/// <summary>What to run.</summary>
internal sealed record ChaosOptions
{
    public double Minutes { get; init; } = 1;

    public int Seed { get; init; }

    public int Silos { get; init; } = 3;

    public Mutation Mutation { get; init; }

    /// <summary>Only these kinds of faults; all when empty. A mutation brings those that it shows under.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Keeps the folder with logs and ledger.</summary>
    public bool Keep { get; init; }

    public TimeSpan Duration => TimeSpan.FromMinutes(Minutes);

    /// <summary>How long everything may take to end after healing.</summary>
    public TimeSpan HealPatience { get; init; } = TimeSpan.FromSeconds(240);
}
