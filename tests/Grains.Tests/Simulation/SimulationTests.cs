using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Many random schedules of three silos under faults. A failure prints its seed; <c>ACTORS_SIMULATION_SEED</c> plays that one alone, <c>ACTORS_SIMULATION_RUNS</c> sets how many are played.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int DefaultSchedules = 1000;
    private const int RunsPerSchedule = 5;
    private const int MutationSchedules = 300;

    [Fact]
    public void Schedules_AnyFaults_KeepTheInvariants()
    {
        var seeds = Setting("ACTORS_SIMULATION_SEED") is { } one ? [one] : Enumerable.Range(1, Setting("ACTORS_SIMULATION_RUNS") ?? DefaultSchedules).ToList();
        var start = TimeProvider.System.GetTimestamp();
        var results = new ConcurrentBag<SimResult>();
        var failed = new ConcurrentBag<string>();
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var result = Play(seed, Mutation.None);
            results.Add(result);
            if (result.Violations.Count > 0)
            {
                failed.Add($"seed {seed}: {string.Join("; ", result.Violations)}");
            }
        });

        var took = TimeProvider.System.GetElapsedTime(start);
        var runs = results.Sum(r => r.Runs);
        var faults = results.SelectMany(r => r.Faults).GroupBy(f => f.Key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Sum(f => f.Value)}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{results.Count} interleavings of {runs} runs in {took.TotalSeconds:0} s ({results.Count / took.TotalMinutes:0} a minute, {results.Sum(r => r.Steps)} steps), {failed.Count} with violations (95 % bound {3.0 / results.Count:0.#####}); faults: {string.Join(", ", faults)}; {results.Sum(r => r.Succeeded)} runs succeeded"));
        Assert.True(failed.IsEmpty, $"{failed.Count} of {results.Count} schedules: {string.Join(Environment.NewLine, failed.Take(5))}");

        // So that nothing passes because nothing happened.
        Assert.True(seeds.Count < 100 || results.Sum(r => r.Succeeded) > runs / 3, $"only {results.Sum(r => r.Succeeded)} of {runs} runs succeeded");
        Assert.True(seeds.Count < 100 || faults.Count() >= 9, "not every kind of fault happened");
    }

    [Fact]
    public void Schedule_SameSeed_IsTheSame()
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            Assert.Equal(Play(seed, Mutation.None).Steps, Play(seed, Mutation.None).Steps);
        }
    }

    [Theory]
    [InlineData(nameof(Mutation.EpochCheckRemoved))]
    [InlineData(nameof(Mutation.TransactionSplit))]
    [InlineData(nameof(Mutation.LocalClockUsed))]
    [InlineData(nameof(Mutation.PollDropped))]
    public void Mutation_OfTheStore_IsCaught(string mutation)
    {
        for (var seed = 1; seed <= MutationSchedules; seed++)
        {
            if (Play(seed, Enum.Parse<Mutation>(mutation)) is { Violations.Count: > 0 } caught)
            {
                output.WriteLine($"{mutation} was caught by seed {seed}: {caught.Violations[0]}");
                return;
            }
        }

        Assert.Fail($"{mutation} was not caught by {MutationSchedules} schedules");
    }

    // No context of the test framework: continuations belong to the simulated processes alone.
    private static SimResult Play(int seed, Mutation mutation)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return new Simulation(seed, RunsPerSchedule, mutation).Play();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static int? Setting(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}
