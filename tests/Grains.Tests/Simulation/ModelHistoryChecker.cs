using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Tests.Runs;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Proves the invariants from the store's history and the runner's ledger. Knows nothing of how the silos work.</summary>
/// <param name="acknowledged">Runs whose submit was answered.</param>
/// <param name="faults">By kind. After a failover, changes are lost: what hung on them is not held against the silos.</param>
internal sealed class ModelHistoryChecker(ModelRunStore store, IReadOnlySet<string> acknowledged, SimRunner runner, RunOptions options, IReadOnlyDictionary<string, int> faults)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Check()
    {
        var commits = store.History.OfType<RunCommitted>().ToLookup(c => c.Commit.State.RunId.Value, StringComparer.Ordinal);
        EveryRunEnds();
        foreach (var run in store.World.Runs.Values)
        {
            TraceIsWhole(run);
            EpochsGrow(run.Id, commits[run.Id]);
            QuarantineIsDeserved(run);
            EffectsHappenOnce(run);
            WaitsAreObeyed(run);
            TimersAreOnTime(run);
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

            // Progress: with nothing in the way, a run that asks nobody reaches its end.
            var plain = faults.Count == 0 && run.New.Definition.Id == TestWorkflows.TwoSteps.Id && run.Stored.Commands == 0;
            Expect(!plain || run.Stored.State.Outcome == RunOutcome.Succeeded, $"progress {run.Id}: {run.Stored.State.Outcome} without any fault");
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

    /// <summary>Whoever was claimed too often without coming forward is given up, and nobody else is.</summary>
    private void QuarantineIsDeserved(ModelRun run)
    {
        var claims = run.New.Owner is null ? 0 : 1;
        foreach (var change in store.History)
        {
            switch (change)
            {
                case RunClaimed claimed when claimed.Run.Value == run.Id:
                    claims++;
                    break;
                case RunCommitted { Commit: var commit } when commit.State.RunId.Value == run.Id:
                    var quarantines = commit.Trace.Any(e => e.Kind == "quarantined");
                    Expect(!quarantines || claims > options.MaxStrikes, $"quarantine {run.Id}: after {claims} claims, {options.MaxStrikes} are allowed");
                    Expect(commit.Before.Strikes <= options.MaxStrikes || commit.State.Status == RunStatus.Done, $"quarantine {run.Id}: goes on with {commit.Before.Strikes} strikes");
                    Expect(!quarantines || commit.State.Status == RunStatus.Done, $"quarantine {run.Id}: goes on in quarantine");
                    claims = commit.Progress ? 0 : claims;
                    break;
            }
        }
    }

    private void EffectsHappenOnce(ModelRun run)
    {
        var executed = runner.Executed.Where(c => c.StartsWith(run.Id + "-", StringComparison.Ordinal)).ToList();
        Expect(executed.Count == executed.Distinct(StringComparer.Ordinal).Count(), $"I4 {run.Id}: a call was executed twice");
        foreach (var step in run.New.Definition.Steps.Where(s => s.Tool is not null))
        {
            var calls = executed.Count(c => c.StartsWith($"{run.Id}-{step.Id}-", StringComparison.Ordinal));
            var unknown = run.Trace.Count(e => e.Kind == "call_unknown" && e.Data.GetProperty("step").GetString() == step.Id);
            Expect(calls <= 1 + unknown, $"I4 {run.Id}: {step.Id} executed {calls} times, {unknown} reported as unknown");
            var known = run.Trace.Count(e => e.Kind == "call_answered" && e.Data.GetProperty("step").GetString() == step.Id);
            Expect(known <= calls, $"I4 {run.Id}: {step.Id} has an answer that nobody gave");
        }
    }

    private void WaitsAreObeyed(ModelRun run)
    {
        foreach (var step in run.New.Definition.Steps.Where(s => s.Tool is null))
        {
            var asked = run.Trace.FindIndex(e => e.Kind is "approval_requested" or "signal_awaited" && IsOf(e, step.Id));
            var ends = run.Trace.Where(e => e.Kind is "approval_decided" or "wait_timed_out" && IsOf(e, step.Id)).ToList();
            Expect(ends.Count <= 1, $"I2 {run.Id}: {step.Id} was decided {ends.Count} times");
            Expect(ends.Count == 0 || asked >= 0, $"I2 {run.Id}: {step.Id} was decided and never asked");
        }

        if (run.New.Definition.Id == SimWorkflows.Waits.Id && run.Trace.FindIndex(e => e.Kind == "call_started" && IsOf(e, "count")) is var called and >= 0)
        {
            var approved = run.Trace.FindIndex(e => e.Kind == "approval_decided");
            var signalled = run.Trace.FindIndex(e => e.Kind == "signal_received");
            Expect(approved >= 0 && approved < called, $"I2 {run.Id}: called before the approval");
            Expect(signalled >= 0 && signalled < called, $"I2 {run.Id}: called before the signal");
        }
    }

    private static bool IsOf(TraceEntry entry, string step) => entry.Data.TryGetProperty("step", out var of) && of.GetString() == step;

    /// <summary>Reminders of retries and waits, by the time at which the run had announced them.</summary>
    private void TimersAreOnTime(ModelRun run)
    {
        var due = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var entry in run.Trace)
        {
            switch (entry.Kind)
            {
                case "retry_scheduled":
                    due[entry.Data.GetProperty("step").GetString()!] = entry.Data.GetProperty("at").GetDateTimeOffset();
                    break;
                case "approval_requested" or "signal_awaited":
                    due[entry.Data.GetProperty("step").GetString()!] = entry.Data.GetProperty("until").GetDateTimeOffset();
                    break;
                case "retry_due" or "wait_timed_out" when due.Remove(entry.Data.GetProperty("step").GetString()!, out var at):
                    var fired = store.History.OfType<RunCommitted>().First(c => c.Commit.State.RunId.Value == run.Id && c.Commit.Trace.Any(e => e.Seq == entry.Seq)).At;
                    Expect(fired >= at, $"I5 {run.Id}: {entry.Kind} {at - fired} early");
                    Expect(faults.Count > 0 || fired - at < options.Lease + Poll, $"I5 {run.Id}: {entry.Kind} {fired - at} late without any fault");
                    break;
            }
        }
    }

    private void SandboxesAreGone(ModelRun run)
    {
        var left = runner.Sandboxes.Where(s => s.StartsWith(run.Id + "-", StringComparison.Ordinal)).ToList();
        var excused = faults.ContainsKey("failover") || run.Trace.Any(e => e.Kind is "sandboxes_abandoned" or "quarantined");
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
            Expect(removed.LastBeat is not { } beat || removed.At - beat > options.Lease, $"lease: silo {removed.Silo} was evicted {removed.At - removed.LastBeat} after its last beat");
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
