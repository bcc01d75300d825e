namespace Actors.Testing.NullRunner;

/// <summary>One line of the ledger. The ledger is what the outside world saw, whatever the database says.</summary>
/// <param name="Kind">One of <see cref="LedgerKinds"/>.</param>
/// <param name="At">The runner machine's clock, milliseconds since 1970.</param>
/// <param name="Sandbox">Sandbox id; empty for the runner's own lines.</param>
/// <param name="Call">Call id.</param>
/// <param name="Tool">Tool name.</param>
/// <param name="Key">The call's effect key, as its arguments give it.</param>
/// <param name="Fence">The caller's epoch.</param>
/// <param name="Milliseconds">How long the tool works.</param>
public sealed record LedgerEntry(string Kind, long At, string Sandbox, string? Call = null, string? Tool = null, string? Key = null, long Fence = 0, int Milliseconds = 0)
{
    /// <summary>The run that the sandbox belongs to.</summary>
    public string Run => Sandbox.Length >= RunIdLength ? Sandbox[..RunIdLength] : "";

    private const int RunIdLength = 30;
}

/// <summary>What the ledger tells of.</summary>
public static class LedgerKinds
{
    /// <summary>The runner started.</summary>
    public const string Started = "started";

    /// <summary>A sandbox came to life.</summary>
    public const string Launched = "launched";

    /// <summary>A tool was executed: its effect happened.</summary>
    public const string Executed = "executed";

    /// <summary>A sandbox was stopped on request.</summary>
    public const string Stopped = "stopped";

    /// <summary>A sandbox died while nobody looked, with the calls in flight.</summary>
    public const string Lost = "lost";

    /// <summary>A sandbox that nobody asked for any more was removed.</summary>
    public const string Reaped = "reaped";

    /// <summary>A caller with an old epoch was refused.</summary>
    public const string Refused = "refused";
}
