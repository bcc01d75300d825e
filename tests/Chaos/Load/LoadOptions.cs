namespace Actors.Chaos.Load;

/// <summary>What the clients do.</summary>
internal sealed record LoadOptions
{
    /// <summary>Clients that submit one run after the other.</summary>
    public int Clients { get; init; } = 24;

    /// <summary>Longest work of one tool call, milliseconds.</summary>
    public int LongestCall { get; init; } = 400;

    public int CancelPercent { get; init; } = 12;

    /// <summary>Submits that are sent to two silos at once.</summary>
    public int TwicePercent { get; init; } = 15;

    public int HangPercent { get; init; } = 6;

    public int RepeatablePercent { get; init; } = 30;

    /// <summary>Runs that pause before a retry, wait for an approval and for a signal.</summary>
    public int WaitsPercent { get; init; } = 12;

    /// <summary>Waits that a client leaves to their time.</summary>
    public int IgnoredPercent { get; init; } = 15;
}
