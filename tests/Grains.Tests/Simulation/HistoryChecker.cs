using Actors.Grains.Interfaces;
using Actors.Grains.Tests.Runs;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Proves the invariants from the store's history and the runner's ledger. Knows nothing of how the silos work.</summary>
/// <param name="acknowledged">Runs whose submit was answered.</param>
/// <param name="failedOver">Changes were lost: what hung on them is not held against the silos.</param>
internal sealed class HistoryChecker(ModelRunStore store, IReadOnlySet<string> acknowledged, SimRunner runner, TimeSpan lease, bool failedOver)
{
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Check()
    {
        var commits = store.History.OfType<RunCommitted>().ToLookup(c => c.Commit.State.RunId.Value, StringComparer.Ordinal);
        EveryRunEnds();
        foreach (var run in store.World.Runs.Values)
        {
            TraceIsWhole(run);
            EpochsGrow(run.Id, commits[run.Id]);
            EffectsHappenOnce(run);
            SandboxesAreGone(run);
        }

        CancelIsObeyed();
        NobodyAliveIsEvicted();
        RemindersAreNotEarly();
        return _violations;
    }

    private void Expect(bool holds, string violation)
    {
        if (!holds)
        {
            _violations.Add(violation);
        }
    }

    private void EveryRunEnds()
    {
        var lost = store.Lost.OfType<RunInserted>().Select(i => i.Run.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var id in acknowledged.Where(id => !store.World.Runs.ContainsKey(id)))
        {
            Expect(lost.Contains(id), $"I1 {id}: acknowledged and gone");
        }

        foreach (var run in store.World.Runs.Values)
        {
            Expect(run.IsDone, $"I1 {run.Id}: not done but {run.Stored.State.Status}, owner {run.Stored.Owner}, due {run.DueAt:T}");
        }
    }

    private void TraceIsWhole(ModelRun run)
    {
        Expect(TraceChain.Verify(run.Id, run.Trace) is null, $"I2 {run.Id}: {TraceChain.Verify(run.Id, run.Trace)}");
        Expect(run.Trace.Count == run.Stored.TraceLength, $"I2 {run.Id}: {run.Trace.Count} entries of {run.Stored.TraceLength}");
        Expect(run.Trace.Count(e => e.Kind == "done") == (run.IsDone ? 1 : 0), $"I2 {run.Id}: not exactly one end");
        Expect(!run.IsDone || run.Trace[^1].Kind == "done", $"I2 {run.Id}: goes on after its end");
    }

    private void EpochsGrow(string id, IEnumerable<RunCommitted> commits)
    {
        var epoch = 0L;
        var version = 1L;
        foreach (var commit in commits)
        {
            Expect(commit.Commit.Before.Epoch >= epoch, $"I3 {id}: epoch {commit.Commit.Before.Epoch} wrote after {epoch}");
            Expect(commit.After.Version == version + 1, $"I2 {id}: version {commit.After.Version} follows {version}");
            epoch = commit.Commit.Before.Epoch;
            version = commit.After.Version;
        }
    }

    private void EffectsHappenOnce(ModelRun run)
    {
        var executed = runner.Executed.Where(c => c.StartsWith(run.Id + "-", StringComparison.Ordinal)).ToList();
        Expect(executed.Count == executed.Distinct(StringComparer.Ordinal).Count(), $"I4 {run.Id}: a call was executed twice");
        foreach (var step in TestWorkflows.TwoSteps.Steps)
        {
            var calls = executed.Count(c => c.StartsWith($"{run.Id}-{step.Id}-", StringComparison.Ordinal));
            var unknown = run.Trace.Count(e => e.Kind == "call_unknown" && e.Data.GetProperty("step").GetString() == step.Id);
            Expect(calls <= 1 + unknown, $"I4 {run.Id}: {step.Id} executed {calls} times, {unknown} reported as unknown");
            var known = run.Trace.Count(e => e.Kind == "call_answered" && e.Data.GetProperty("step").GetString() == step.Id);
            Expect(known <= calls, $"I4 {run.Id}: {step.Id} has an answer that nobody gave");
        }
    }

    private void SandboxesAreGone(ModelRun run)
    {
        var left = runner.Sandboxes.Where(s => s.StartsWith(run.Id + "-", StringComparison.Ordinal)).ToList();
        var excused = failedOver || run.Trace.Any(e => e.Kind is "sandboxes_abandoned" or "quarantined");
        Expect(!run.IsDone || left.Count == 0 || excused, $"I7 {run.Id}: left {string.Join(", ", left)}");
    }

    private void CancelIsObeyed()
    {
        var cancelled = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in store.History)
        {
            switch (change)
            {
                case CommandPosted { Posted.Command.Kind: "cancel" } posted:
                    cancelled.Add(posted.Posted.Run.Value);
                    break;
                case RunCommitted commit when cancelled.Contains(commit.Commit.State.RunId.Value):
                    Expect(commit.Commit.Trace.All(e => e.Kind != "call_started"), $"I8 {commit.Commit.State.RunId}: a step started after an acknowledged cancel");
                    break;
            }
        }
    }

    private void NobodyAliveIsEvicted()
    {
        foreach (var removed in store.History.OfType<SiloRemoved>())
        {
            Expect(removed.LastBeat is not { } beat || removed.At - beat > lease, $"silo {removed.Silo} was evicted {removed.At - removed.LastBeat} after its last beat");
        }
    }

    private void RemindersAreNotEarly()
    {
        foreach (var commit in store.History.OfType<RunCommitted>())
        {
            foreach (var entry in commit.Commit.Trace.Where(e => e.Kind == "deadline_reached"))
            {
                Expect(commit.At >= commit.Commit.State.Deadline, $"I5 {commit.Commit.State.RunId}: its deadline was declared {commit.Commit.State.Deadline - commit.At} early, as of {entry.At:T}");
            }
        }
    }
}
