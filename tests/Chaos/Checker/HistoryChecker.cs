using Actors.Grains.Interfaces;
using Actors.Testing.NullRunner;

namespace Actors.Chaos.Checker;

/// <summary>Proves the invariants I1 to I8 of one history, or names what breaks them. Pure: the same history gives the same answer.</summary>
internal sealed class HistoryChecker(History history, CheckerLimits limits)
{
    private readonly List<Violation> _violations = [];
    private readonly Dictionary<string, List<LedgerEntry>> _effects = history.Ledger.Where(e => e.Kind == LedgerKinds.Executed)
        .GroupBy(e => e.Run, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);

    /// <summary>Every violation.</summary>
    public static IReadOnlyList<Violation> Check(History history, CheckerLimits limits) => new HistoryChecker(history, limits).Check();

    private List<Violation> Check()
    {
        CheckSubmissions();
        foreach (var run in history.Runs.Values)
        {
            CheckEnd(run);
            CheckTrace(run);
            _violations.AddRange(RowChecks.Check(run));
            _violations.AddRange(new EffectChecks(run, _effects.GetValueOrDefault(run.Id, [])).Check());
            _violations.AddRange(new TimerChecks(run, limits).Check());
        }

        CheckEffectsOfNobody();
        CheckTakeovers();
        CheckThroughput();
        CheckPoisoned();
        _violations.AddRange(CommandChecks.Check(history));
        _violations.AddRange(new SandboxChecks(history, limits).Check());
        return _violations;
    }

    private void CheckSubmissions()
    {
        var byKey = history.Runs.Values.Where(r => r.Key is not null).ToLookup(r => r.Key!, StringComparer.Ordinal);
        foreach (var submission in history.Submissions)
        {
            var runs = submission.Acknowledged.Distinct(StringComparer.Ordinal).ToList();
            if (runs.Count > 1)
            {
                Add("I1", runs[0], $"one idempotency key gave {runs.Count} runs: {string.Join(", ", runs)}");
            }

            if (byKey[submission.Key].Count() > 1)
            {
                Add("I1", byKey[submission.Key].First().Id, $"{byKey[submission.Key].Count()} runs are stored under the key {submission.Key}");
            }

            foreach (var lost in runs.Where(r => !history.Runs.ContainsKey(r)))
            {
                Add("I1", lost, "lost: it was acknowledged and is not in the database");
            }
        }
    }

    private void CheckEnd(RunRecord run)
    {
        if (!run.Done)
        {
            Add("I1", run.Id, $"stuck: not done after healing; last entry {(run.Trace is [.., var last] ? last.Kind : "none")}");
        }
    }

    private void CheckTrace(RunRecord run)
    {
        if (TraceChain.Verify(new TracePage(run.Id, run.Trace, run.TraceLength, run.Done)) is { } fault)
        {
            Add("I2", run.Id, fault);
        }

        foreach (var fault2 in TraceLaw.Check(run.Trace))
        {
            Add("I2", run.Id, fault2);
        }

        var epoch = 0L;
        foreach (var recovered in run.Trace.Where(e => e.Kind == "recovered"))
        {
            var next = recovered.Data.GetProperty("epoch").GetInt64();
            if (next <= epoch)
            {
                Add("I3", run.Id, $"entry {recovered.Seq} is of epoch {next} after one of epoch {epoch}");
            }

            epoch = next;
        }
    }

    private void CheckEffectsOfNobody()
    {
        foreach (var (run, effects) in _effects.Where(e => !history.Runs.ContainsKey(e.Key)))
        {
            Add("I4", run, $"{effects.Count} calls were executed for a run that the database does not know");
        }
    }

    private void CheckTakeovers()
    {
        var times = Takeovers.Measure(history, LossKind.Killed, LossKind.Paused, LossKind.Cut).Order().ToList();
        if (times.Count > 0 && times[(int)Math.Ceiling(0.99 * times.Count) - 1] is var p99 && p99 > limits.Takeover)
        {
            var time = p99 == TimeSpan.MaxValue ? "without an end" : $"{p99.TotalSeconds:0.0} s";
            Add("I6", "", $"the 99th percentile of {times.Count} takeovers is {time}, {limits.Takeover.TotalSeconds:0} s are allowed");
        }
    }

    private void CheckThroughput()
    {
        foreach (var (loss, share) in Takeovers.Throughput(history, limits).Where(t => t.Share < limits.ThroughputShare))
        {
            Add("I6", "", $"after the loss of {loss.Client} only {share:P0} of the throughput came back within {limits.ThroughputTime.TotalSeconds:0} s");
        }
    }

    private void CheckPoisoned()
    {
        foreach (var run in history.Poisoned)
        {
            if (!history.Runs.TryGetValue(run, out var record) || !record.Has("quarantined"))
            {
                Add("I1", run, "it killed its silo again and again and was not quarantined");
            }
        }
    }

    private void Add(string invariant, string run, string what) => _violations.Add(new Violation(invariant, run, what));
}
