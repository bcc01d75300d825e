using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Whose turn it is.</summary>
internal static class ModelFairness
{
    /// <summary>Commands and deadlines first, then what else is due, then the queue: by priority, then in fair shares of submitters, and of each submitter's workflows.</summary>
    public static List<ModelRun> Choose(ModelWorld world, Claim claim, DateTimeOffset now)
    {
        var open = world.Runs.Values.Where(r => r is { IsDone: false, Stored.Owner: null } && r.New.Format <= claim.Format).ToList();
        var ready = open.Where(r => r.DueAt <= now).OrderBy(r => r.DueAt).ThenBy(r => r.Id, StringComparer.Ordinal).ToLookup(r => r.Stored.Strikes >= claim.SuspectStrikes);
        var urgent = ready[false].ToLookup(r => r.Inbox.Count > 0 || r.New.State.Deadline <= now);
        List<ModelRun> chosen = [.. ready[true].Take(claim.TakesSuspect ? 1 : 0).Concat(urgent[true]).Take(claim.Slots)];
        chosen.AddRange(InShares(urgent[false]).Take(claim.Slots - chosen.Count));
        chosen.AddRange(InShares(open.Where(r => r.IsQueued && r.Stored.Strikes < claim.SuspectStrikes).Except(chosen)).Take(Math.Min(claim.QueuedSlots, claim.Slots - chosen.Count)));
        return chosen;

        List<ModelRun> InShares(IEnumerable<ModelRun> runs)
        {
            var owned = world.Runs.Values.Where(r => r.Stored.Owner is not null).Concat(chosen).CountBy(r => r.New.State.Submitter, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
            return [.. runs
                .GroupBy(r => r.New.State.Submitter, StringComparer.Ordinal)
                .SelectMany(g => Ranked(g).Select((run, index) => (Run: run, Score: index + 1 + owned.GetValueOrDefault(g.Key))))
                .Where(r => r.Score <= claim.MaxPerSubmitter)
                .OrderByDescending(r => r.Run.New.Priority).ThenBy(r => r.Score).ThenBy(r => r.Run.DueAt).ThenBy(r => r.Run.Id, StringComparer.Ordinal)
                .Select(r => r.Run)];
        }
    }

    // Its workflows take turns.
    private static IEnumerable<ModelRun> Ranked(IEnumerable<ModelRun> ofOneSubmitter) => ofOneSubmitter
        .GroupBy(r => r.Stored.WorkflowId, StringComparer.Ordinal)
        .SelectMany(g => g.OrderByDescending(r => r.New.Priority).ThenBy(r => r.Id, StringComparer.Ordinal).Select((run, turn) => (run, turn)))
        .OrderByDescending(r => r.run.New.Priority).ThenBy(r => r.turn).ThenBy(r => r.run.Id, StringComparer.Ordinal)
        .Select(r => r.run);
}
