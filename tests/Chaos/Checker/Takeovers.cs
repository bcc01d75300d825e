namespace Actors.Chaos.Checker;

/// <summary>I6: how long runs of a lost silo waited for another owner.</summary>
internal static class Takeovers
{
    public static IEnumerable<TimeSpan> Measure(History history)
    {
        foreach (var loss in history.Losses.Where(l => l.Judged))
        {
            foreach (var run in history.Runs.Values)
            {
                var last = run.Changes.LastOrDefault(c => c.At <= loss.At);
                if (last is { Owner: not null } && last.OwnerClient == loss.Client && run.Changes.FirstOrDefault(c => c.At > loss.At && c.Owner is not null && c.Epoch > last.Epoch) is { } next)
                {
                    yield return TimeSpan.FromMilliseconds(next.At - loss.At);
                }
            }
        }
    }
}
