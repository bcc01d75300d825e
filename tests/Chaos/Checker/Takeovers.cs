using Actors.Chaos.Load;

namespace Actors.Chaos.Checker;

/// <summary>I6: how long the runs of a lost silo stood still, and the throughput after it.</summary>
internal static class Takeovers
{
    private static readonly long Before = (long)TimeSpan.FromSeconds(20).TotalMilliseconds;
    private static readonly long Window = (long)TimeSpan.FromSeconds(10).TotalMilliseconds;

    /// <summary>From the loss to the first transition that another owner committed, of each run that the silo owned; without an end for one that nobody took up.</summary>
    public static IEnumerable<TimeSpan> Measure(History history, params LossKind[] kinds)
    {
        foreach (var loss in history.Losses.Where(l => l.Judged && kinds.Contains(l.Kind)))
        {
            foreach (var run in history.Runs.Values)
            {
                var last = run.Changes.LastOrDefault(c => c.At <= loss.At);
                if (last is not { Owner: not null } || last.OwnerClient != loss.Client)
                {
                    continue;
                }

                var after = run.Changes.SkipWhile(c => c.At <= loss.At).ToList();

                // What the silo had sent before may be committed a moment later.
                if (!after.Exists(c => c.Epoch == last.Epoch && c.Version > last.Version))
                {
                    yield return after.Find(c => c.Epoch > last.Epoch && c.Version > last.Version) is { } next
                        ? TimeSpan.FromMilliseconds(next.At - loss.At)
                        : TimeSpan.MaxValue;
                }
            }
        }
    }

    /// <summary>The best ten seconds in the time after each loss that can be judged, as a share of the twenty before it: of the runs that clients submit one after the other.</summary>
    public static IEnumerable<(SiloLoss Loss, double Share)> Throughput(History history, CheckerLimits limits)
    {
        var ends = history.Runs.Values.Where(r => r.Done && r.Changes.Count > 0 && !LoadGenerator.IsOfHerd(r.Key)).Select(r => r.Changes[^1].At).Order().ToList();
        var time = (long)limits.ThroughputTime.TotalMilliseconds;
        foreach (var loss in history.Losses.Where(l => l.Alone && l.At + time <= history.LoadEnded))
        {
            var before = ends.Count(e => e > loss.At - Before && e <= loss.At) / (double)Before;
            var best = Enumerable.Range(0, (int)((time - Window) / 1000) + 1).Max(second => ends.Count(e => e > loss.At + (second * 1000) && e <= loss.At + (second * 1000) + Window)) / (double)Window;
            if (before > 0)
            {
                yield return (loss, best / before);
            }
        }
    }
}
