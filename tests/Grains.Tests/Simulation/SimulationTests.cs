using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Many random schedules of three silos under faults. A failure prints its seed; <c>ACTORS_SIMULATION_SEED</c> plays that one alone, <c>ACTORS_SIMULATION_RUNS</c> sets how many are played.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int DefaultSchedules = 2500;

    // A run must lose its silo twice before it comes forward: about one in 600 does.
    private const int ManySchedules = 1000;
    private const int FaultKinds = 10;
    private const int RunsPerSchedule = 4;
    private const int MutationSchedules = 200;

    [Fact]
    public void Schedules_AnyFaults_KeepTheInvariants()
    {
        var seeds = Setting("ACTORS_SIMULATION_SEED") is { } one ? [one] : Enumerable.Range(1, Setting("ACTORS_SIMULATION_RUNS") ?? DefaultSchedules).ToList();
        var start = TimeProvider.System.GetTimestamp();
        var results = new ConcurrentBag<SimResult>();
        var failed = new ConcurrentBag<string>();
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var result = Play(seed, StoreMutation.None);
            results.Add(result);
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {string.Join("; ", result.Violations)}");
            }
        });

        Report(results, TimeProvider.System.GetElapsedTime(start), seeds, failed.Count);
        Assert.True(failed.IsEmpty, $"{failed.Count} of {results.Count} schedules: {string.Join(Environment.NewLine, failed.Take(5))}");

        // So that nothing passes because nothing happened.
        if (seeds.Count >= 100)
        {
            var runs = results.Sum(r => r.Runs);
            Assert.True(results.Sum(r => r.Succeeded) > runs / 3, $"only {results.Sum(r => r.Succeeded)} of {runs} runs succeeded");
            Assert.True(seeds.Count < ManySchedules || results.Any(r => r.Quarantined > 0), "no run was quarantined");
            Assert.Equal(FaultKinds, Sums(results, r => r.Faults).Count);
            Assert.Equal(["approve", "cancel", "reject", "signal"], Sums(results, r => r.Commands).Keys);
            Assert.Equal(results.Count, results.Select(r => r.Fingerprint).Distinct().Count());
        }
    }

    [Fact]
    public void Schedule_SameSeed_IsTheSame()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            Assert.Equal(Play(seed, StoreMutation.None).Fingerprint, Play(seed, StoreMutation.None).Fingerprint);
        }
    }

    /// <summary>It must not be taken for a stuck run because the schedule was over.</summary>
    [Fact]
    public void Schedule_SubmitArrivesWhenTheOthersHaveEnded_IsPlayedToItsEnd()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var simulation = new Simulation(seed, runs: 0);
            simulation.SubmitAt(TimeSpan.FromSeconds(27.5));
            var result = Play(simulation);
            Assert.Equal(1, result.Runs);
            Assert.Empty(result.Violations);
        }
    }

    [Theory]
    [InlineData(nameof(StoreMutation.EpochCheckRemoved), "I2 I3 I4")]
    [InlineData(nameof(StoreMutation.TransactionSplit), "I2")]
    [InlineData(nameof(StoreMutation.LocalClockUsed), "lease:")]
    [InlineData(nameof(StoreMutation.PollDropped), "I1")]
    public void Mutation_OfTheStore_IsCaughtForItsReason(string mutation, string reasons)
    {
        for (var seed = 1; seed <= MutationSchedules; seed++)
        {
            var caught = Play(seed, Enum.Parse<StoreMutation>(mutation)).Violations.FirstOrDefault(v => reasons.Split(' ').Contains(v.Split(' ')[0], StringComparer.Ordinal));
            if (caught is not null)
            {
                Assert.Empty(Play(seed, StoreMutation.None).Violations);
                output.WriteLine($"{mutation} was caught by seed {seed}: {caught}");
                return;
            }
        }

        Assert.Fail($"{mutation} was not caught by {MutationSchedules} schedules");
    }

    /// <summary>The figures, also for <c>eng/test.sh</c>: into the file that <c>ACTORS_SIMULATION_REPORT</c> names.</summary>
    private void Report(IReadOnlyCollection<SimResult> results, TimeSpan took, List<int> seeds, int failed)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"simulation: {results.Count} schedules, {results.Select(r => r.Fingerprint).Distinct().Count()} interleavings, {results.Count / took.TotalMinutes:0} per minute, seeds {seeds[0]} to {seeds[^1]}; {failed} with violations (95 % bound {3.0 / results.Count:0.#####})");
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"simulation: {results.Sum(r => r.Runs)} runs ({results.Sum(r => r.Succeeded)} succeeded, {results.Sum(r => r.Quarantined)} quarantined), {results.Sum(r => r.Steps)} steps; faults: {Text(Sums(results, r => r.Faults))}; commands: {Text(Sums(results, r => r.Commands))}");
        output.WriteLine(line);
        output.WriteLine(detail);
        if (Environment.GetEnvironmentVariable("ACTORS_SIMULATION_REPORT") is { Length: > 0 } path)
        {
            File.WriteAllLines(path, [line, detail]);
        }
    }

    private static SortedDictionary<string, int> Sums(IEnumerable<SimResult> results, Func<SimResult, IReadOnlyDictionary<string, int>> counts) =>
        new(results.SelectMany(counts).GroupBy(c => c.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(c => c.Value), StringComparer.Ordinal), StringComparer.Ordinal);

    private static string Text(IReadOnlyDictionary<string, int> counts) => string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"));

    private static SimResult Play(int seed, StoreMutation mutation) => Play(new Simulation(seed, RunsPerSchedule, mutation));

    // No context of the test framework: continuations belong to the simulated processes alone.
    private static SimResult Play(Simulation simulation)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return simulation.Play();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}
