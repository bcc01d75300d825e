namespace Actors.Grains.Runs;

/// <summary>How long to wait until the next look: short while there is work, up to a second when there is none, never in step with other silos.</summary>
internal sealed class PollPace(RunServices services)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private TimeSpan _pause = Shortest;

    public TimeSpan Next(bool worked)
    {
        _pause = worked ? Shortest : _pause * 2 < Longest ? _pause * 2 : Longest;
        return services.Spread(_pause);
    }
}
