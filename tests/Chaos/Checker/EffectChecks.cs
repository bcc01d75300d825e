using Actors.Grains.Interfaces;
using Actors.Testing.NullRunner;

namespace Actors.Chaos.Checker;

/// <summary>I4 of one run: what its trace tells of calls against what the ledger saw. A call's id is <c>{run}-{step}-{attempt}</c>.</summary>
internal sealed class EffectChecks(RunRecord run, IReadOnlyList<LedgerEntry> effects)
{
    private static readonly HashSet<string> NotRepeatable = new(StringComparer.Ordinal) { "append" };

    public IEnumerable<Violation> Check()
    {
        foreach (var what in Recorded().Concat(Executed()).Concat(Repeated()))
        {
            yield return new Violation("I4", run.Id, what);
        }

        var fence = 0L;
        foreach (var effect in effects)
        {
            if (effect.Fence < fence)
            {
                yield return new Violation("I3", run.Id, $"{effect.Call} was executed for epoch {effect.Fence} after one for epoch {fence}");
            }

            fence = effect.Fence;
        }
    }

    /// <summary>Each effect is in the trace: started before, closed after.</summary>
    private IEnumerable<string> Recorded()
    {
        var started = Ids("call_started");
        var closed = Ids("call_answered", "call_failed", "call_unknown");
        foreach (var effect in effects)
        {
            if (!started.Contains(effect.Call!))
            {
                yield return $"{effect.Call} was executed, but its start is not in the trace";
            }
            else if (run.Done && !closed.Contains(effect.Call!))
            {
                yield return $"{effect.Call} was executed, but the trace does not tell what came of it";
            }
        }

        var failed = Ids("call_failed");
        foreach (var effect in effects.Where(e => failed.Contains(e.Call!)))
        {
            yield return $"{effect.Call} was executed, but the trace says that it certainly failed";
        }
    }

    /// <summary>Each answer in the trace is of a call that was executed, once.</summary>
    private IEnumerable<string> Executed()
    {
        var executed = effects.GroupBy(e => e.Call!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        foreach (var id in Ids("call_answered").Where(id => !executed.ContainsKey(id)))
        {
            yield return $"{id} has an answer, but was never executed";
        }

        foreach (var (id, count) in executed.Where(e => e.Value > 1))
        {
            yield return $"{id} was executed {count} times under one call id";
        }
    }

    /// <summary>A second effect under one key is there only if the first one's outcome is unknown and its tool may be repeated.</summary>
    private IEnumerable<string> Repeated()
    {
        var unknown = Ids("call_unknown");
        foreach (var same in effects.GroupBy(e => e.Key ?? e.Call!, StringComparer.Ordinal).Where(g => g.Select(e => e.Call).Distinct(StringComparer.Ordinal).Count() > 1))
        {
            var calls = same.DistinctBy(e => e.Call).ToList();
            if (NotRepeatable.Contains(calls[0].Tool ?? ""))
            {
                yield return $"duplicated: the effect {same.Key} happened {calls.Count} times, its tool must not be repeated";
            }

            foreach (var silent in calls.SkipLast(1).Where(c => !unknown.Contains(c.Call!)))
            {
                yield return $"duplicated: {silent.Call} was repeated though its outcome was not unknown";
            }
        }
    }

    private HashSet<string> Ids(params string[] kinds) =>
        run.Trace.Where(e => Array.IndexOf(kinds, e.Kind) >= 0).Select(TraceLaw.Call).Select(c => $"{run.Id}-{c.Step}-{c.Attempt}").ToHashSet(StringComparer.Ordinal);
}
