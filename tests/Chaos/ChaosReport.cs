using System.Globalization;
using System.Text;
using Actors.Chaos.Checker;
using Actors.Chaos.Faults;
using Actors.Testing.NullRunner;

namespace Actors.Chaos;

/// <summary>What came of a run of chaos.</summary>
internal sealed record ChaosReport(string Text, IReadOnlyList<Violation> Violations, IReadOnlyList<string> Floors)
{
    private const double LeastSucceeded = 0.6;
    private const int LeastRunsPerMinute = 20;
    private static readonly string[] Waits = ["retry_due", "approval_decided", "signal_received", "wait_timed_out"];

    /// <summary>Nothing broke, and enough was tried.</summary>
    public bool Passed => Violations.Count == 0 && Floors.Count == 0;

    /// <summary>Whether what a mutation breaks was seen.</summary>
    public bool Catches(Mutation mutation) => Violations.Any(v => Mutations.Signs(mutation).Contains(v.Invariant, StringComparer.Ordinal));

    public static ChaosReport Of(ChaosOptions options, ChaosWorld world, FaultInjector injector, History history, IReadOnlyList<Violation> violations, TimeSpan took)
    {
        var floors = Missed(options, injector, history).ToList();
        var text = new StringBuilder();
        var acknowledged = history.Submissions.Count;
        var takeovers = Takeovers.Measure(history, LossKind.Killed).Order().ToList();
        var throughput = Takeovers.Throughput(history, new CheckerLimits()).Select(t => t.Share).Order().ToList();
        Line($"chaos: seed {options.Seed}, {options.Silos} silos, null sandboxes, {took.TotalSeconds:0} s{(options.Mutation == Mutation.None ? "" : $", mutation {options.Mutation}")}");
        Line($"faults: {Pairs(injector.Injected)}");
        if (injector.Failed.Count > 0)
        {
            Line($"not injected, as another fault was in the way: {Pairs(injector.Failed)}");
        }

        foreach (var (kind, reason) in injector.Skipped)
        {
            Line($"skipped: {kind}: {reason}");
        }

        Line($"runs: {world.Load.Submits} submitted, {acknowledged} acknowledged, {history.Runs.Count} stored, {history.Runs.Values.Count(r => r.Done)} ended ({history.Runs.Count / took.TotalSeconds:0.0}/s)");
        Line($"outcomes: {Pairs(Outcomes(history))}");
        Line($"outside: {Pairs(history.Ledger.GroupBy(e => e.Kind, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal))}");
        Line($"{history.Runs.Values.Sum(r => r.Trace.Count(e => e.Kind == "recovered"))} takeovers of runs, {world.Cluster.Silos.Sum(s => s.Proxy.Swallowed)} answers swallowed after COMMIT, {world.Restarted} silos ended by themselves");
        if (takeovers.Count > 0)
        {
            Line($"kill -9 of a silo to the next step of its runs elsewhere: median {takeovers[takeovers.Count / 2].TotalSeconds:0.0} s, worst {takeovers[^1].TotalSeconds:0.0} s of {takeovers.Count}");
        }

        Line($"throughput within a minute of the loss of a silo: {(throughput.Count == 0 ? "no loss stood alone" : FormattableString.Invariant($"at least {throughput[0]:P0} of that before, {throughput.Count} times"))}");
        foreach (var note in world.Notes)
        {
            Line($"note: {note}");
        }

        Line($"0 of a kind in {acknowledged} runs means below {3.0 / Math.Max(1, acknowledged):0.#####} per run with 95 % confidence");
        Line($"{Count("I1", "lost")} lost, {Count("I4", "duplicated")} duplicated effects, {Count("I1", "stuck")} stuck, {violations.Count(v => v.Invariant == "I7")} orphans, {violations.Count} violations");
        foreach (var group in violations.GroupBy(v => v.Invariant))
        {
            Line($"{group.Key}: {group.Count()}");
            foreach (var violation in group.Take(5))
            {
                Line($"  {violation}");
            }
        }

        foreach (var floor in floors)
        {
            Line($"too little happened: {floor}");
        }

        return new ChaosReport(text.ToString(), violations, floors);

        void Line(FormattableString line) => text.Append(FormattableString.Invariant(line)).Append('\n');

        int Count(string invariant, string word) => violations.Count(v => v.Invariant == invariant && v.What.StartsWith(word, StringComparison.Ordinal));
    }

    /// <summary>So that nothing passes because every call failed, no fault met a run, or most ran into their deadline.</summary>
    private static IEnumerable<string> Missed(ChaosOptions options, FaultInjector injector, History history)
    {
        // Not those that end early by their nature.
        var ended = history.Runs.Values.Where(r => r.Workflow is not (NullWorkflows.Hang or NullWorkflows.Waits) && r.Outcome != "cancelled").ToList();
        var succeeded = ended.Count(r => r.Outcome == "succeeded");
        if (ended.Count < LeastRunsPerMinute * options.Minutes || succeeded < LeastSucceeded * ended.Count)
        {
            yield return $"{succeeded} of {ended.Count} runs succeeded, {LeastSucceeded:P0} of at least {LeastRunsPerMinute * options.Minutes:0} must";
        }

        foreach (var kind in Waits.Where(kind => options.Minutes >= 1 && !history.Runs.Values.Any(r => r.Has(kind))))
        {
            yield return $"no trace holds '{kind}'";
        }

        var faults = injector.Injected.Values.Sum();
        if (faults < Math.Max(1, options.Minutes * 2))
        {
            yield return $"{faults} faults";
        }

        if (options.Minutes >= 1 && !history.Runs.Values.Any(r => r.Trace.Any(e => e.Kind == "recovered")))
        {
            yield return "no run was taken over";
        }
    }

    private static Dictionary<string, int> Outcomes(History history) =>
        history.Runs.Values.GroupBy(r => r.Outcome ?? "none", StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    private static string Pairs(IReadOnlyDictionary<string, int> counts) =>
        string.Join(", ", counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} {c.Value}")));
}
