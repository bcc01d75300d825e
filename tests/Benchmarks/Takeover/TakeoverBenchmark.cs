using System.Text.Json.Nodes;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;

namespace Actors.Benchmarks.Takeover;

/// <summary>How long the runs of a killed silo stand still.</summary>
internal sealed class TakeoverBenchmark : IBenchmark
{
    private const int Rounds = 20;
    private const int Runs = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string Name => "takeover";

    public static string Summary => "kill -9 of a silo until the first step of its runs elsewhere, 20 times, with the default lease";

    public static async Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        await using var cluster = await SiloCluster.StartAsync(new SiloClusterOptions { Silos = 2 });
        using var caller = new McpCaller();
        var first = new Latencies();
        var last = new Latencies();
        for (var round = 0; round < Rounds; round++)
        {
            var victim = cluster.Silos[round % 2];
            var times = await RoundAsync(cluster, caller, victim, cancellationToken);
            first.Add(times[0]);
            last.Add(times[^1]);
            Console.Error.WriteLine($"  {round + 1}: first {times[0] / 1000:0.0} s, last of {times.Count} {times[^1] / 1000:0.0} s");
            await victim.StartAsync();
        }

        var targets = new Targets();
        targets.AtMost("takeover seconds, worst", last.At(1) / 1000, 30);
        return targets.Into(new JsonObject
        {
            ["benchmark"] = Name,
            ["rounds"] = Rounds,
            ["lease_seconds"] = 15,
            ["first_step_median_s"] = Math.Round(first.At(0.5) / 1000, 2),
            ["first_step_worst_s"] = Math.Round(first.At(1) / 1000, 2),
            ["last_run_median_s"] = Math.Round(last.At(0.5) / 1000, 2),
            ["last_run_worst_s"] = Math.Round(last.At(1) / 1000, 2),
        });
    }

    /// <summary>Milliseconds from the kill to the next step of each run, the soonest first.</summary>
    private static async Task<List<double>> RoundAsync(SiloCluster cluster, McpCaller caller, SiloNode victim, CancellationToken cancellationToken)
    {
        var runs = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Runs; i++)
        {
            runs.Add((await caller.SubmitAsync(victim.Url, NullWorkflows.Three, new { ms = 1000 }, null, cancellationToken)).RunId);
        }

        // The first calls are in flight at the victim now.
        await UntilAsync(() => Executed(cluster, runs, 0).Count == Runs, cancellationToken);
        await victim.KillAsync();
        var killed = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await UntilAsync(() => Executed(cluster, runs, killed).Count == Runs, cancellationToken);
        return [.. Executed(cluster, runs, killed).Values.Order()];
    }

    /// <summary>Each run's first executed call after a time, in milliseconds from it.</summary>
    private static Dictionary<string, double> Executed(SiloCluster cluster, HashSet<string> runs, long after) => Ledger.Read(cluster.LedgerFile)
        .Where(e => e.Kind == LedgerKinds.Executed && e.At > after && runs.Contains(e.Run))
        .GroupBy(e => e.Run, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => (double)(g.Min(e => e.At) - after), StringComparer.Ordinal);

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException("the runs were not taken over");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }
}
