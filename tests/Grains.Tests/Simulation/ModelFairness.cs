using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Whose turn it is.</summary>
internal static class ModelFairness
{
    /// <summary>Due runs first, then queued ones: by priority, then in fair shares of submitters, and of each submitter's workflows.</summary>
    public static List<ModelRun> Choose(ModelWorld world, Claim claim, DateTimeOffset now)
    {
        var open = world.Runs.Values.Where(r => r is { IsDone: false, Stored.Owner: null } && r.New.Format <= claim.Format).ToList();
        var due = open.Where(r => r.DueAt <= now).OrderBy(r => r.DueAt).ThenBy(r => r.Id, StringComparer.Ordinal).Take(claim.Slots).ToList();
        var owned = world.Runs.Values.Where(r => r.Stored.Owner is not null).CountBy(r => r.New.State.Submitter, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var queued = open.Where(r => r.IsQueued).Except(due)
            .GroupBy(r => r.New.State.Submitter, StringComparer.Ordinal)
            .SelectMany(g => Ranked(g).Select((run, index) => (Run: run, Score: index + 1 + owned.GetValueOrDefault(g.Key))))
            .Where(r => r.Score <= claim.MaxPerSubmitter)
            .OrderByDescending(r => r.Run.New.Priority).ThenBy(r => r.Score).ThenBy(r => r.Run.Id, StringComparer.Ordinal)
            .Take(Math.Min(claim.QueuedSlots, claim.Slots - due.Count))
            .Select(r => r.Run);
        return [.. due, .. queued];
    }

    // Its workflows take turns.
    private static IEnumerable<ModelRun> Ranked(IEnumerable<ModelRun> ofOneSubmitter) => ofOneSubmitter
        .GroupBy(r => r.Stored.WorkflowId, StringComparer.Ordinal)
        .SelectMany(g => g.OrderByDescending(r => r.New.Priority).ThenBy(r => r.Id, StringComparer.Ordinal).Select((run, turn) => (run, turn)))
        .OrderByDescending(r => r.run.New.Priority).ThenBy(r => r.turn).ThenBy(r => r.run.Id, StringComparer.Ordinal)
        .Select(r => r.run);
}
