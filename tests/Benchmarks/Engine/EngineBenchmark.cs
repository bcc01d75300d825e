using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Testing;
using Npgsql;

namespace Actors.Benchmarks.Engine;

/// <summary>Durable runs per second, next to what the database gives without the engine.</summary>
internal sealed class EngineBenchmark : IBenchmark
{
    private const int InFlight = 32;
    private const int LowRate = 10;
    private const int Waiting = 100_000;
    private const int WaitingSeconds = 30;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    public static string Name => "engine";

    public static string Summary => "durable 3-step runs on SQLite and PostgreSQL (1, 2, 4 silos), next to raw statements and pgbench; 100,000 waiting runs";

    public static async Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = new Targets();
        await using var server = await PostgresServer.StartAsync();
        var waiting = await WaitingRuns.MeasureAsync(server, Waiting, Math.Min(WaitingSeconds, options.Seconds * 3), targets, cancellationToken);
        var engines = new JsonArray { await SqliteAsync(options, targets, cancellationToken) };
        var baseline = await BaselineAsync(server, options, cancellationToken);
        foreach (var silos in (int[])[1, 2, 4])
        {
            engines.Add(await PostgresAsync(server, silos, options, baseline, targets, cancellationToken));
        }

        return targets.Into(new JsonObject { ["benchmark"] = Name, ["in_flight"] = InFlight, ["seconds"] = options.Seconds, ["engines"] = engines, ["baseline"] = baseline, ["waiting"] = waiting });
    }

    private static async Task<JsonObject> SqliteAsync(BenchmarkOptions options, Targets targets, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("actors-bench-");
        try
        {
            var runner = new InstantRunner();
            await using var silo = await BenchSilo.StartAsync(Path.Combine(folder.FullName, "bench.db"), null, runner, 1);
            var result = await MeasureAsync("SQLite, 1 silo", [silo.Directory], runner, options, null, cancellationToken);
            targets.AtLeast("SQLite runs/s", (double)result["runs_per_second"]!, 1200);
            LatencyTargets("SQLite", result, targets);
            return result;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<JsonObject> PostgresAsync(PostgresServer server, int count, BenchmarkOptions options, JsonObject baseline, Targets targets, CancellationToken cancellationToken)
    {
        var database = await server.CreateDatabaseAsync();
        var runner = new InstantRunner();
        var silos = new List<BenchSilo>();
        try
        {
            for (var number = 1; number <= count; number++)
            {
                silos.Add(await BenchSilo.StartAsync(database, null, runner, number));
            }

            var name = $"PostgreSQL, {count} silo{(count == 1 ? "" : "s")}";
            var result = await MeasureAsync(name, [.. silos.Select(s => s.Directory)], runner, options, (server, new NpgsqlConnectionStringBuilder(database).Database!), cancellationToken);
            var rate = (double)result["runs_per_second"]!;
            result["of_raw_same_batches"] = Math.Round(rate / (double)baseline["raw_same_batches"]!, 3);
            result["of_raw_commit_per_transition"] = Math.Round(rate / (double)baseline["raw_commit_per_transition"]!, 3);
            result["of_pgbench_inserts"] = Math.Round(rate / (double)baseline["pgbench_inserts_per_second"]!, 3);
            if (count == 1)
            {
                targets.AtLeast("PostgreSQL runs/s", rate, 600);
                targets.AtLeast("PostgreSQL of the raw statements, one commit per transition", (double)result["of_raw_commit_per_transition"]!, 0.7);
                targets.AtMost("PostgreSQL commits per run", (double)result["commits_per_run"]!, 6);
                LatencyTargets("PostgreSQL", result, targets);
            }

            return result;
        }
        finally
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }
        }
    }

    private static void LatencyTargets(string name, JsonObject result, Targets targets)
    {
        targets.AtMost($"{name} p50 ms at {LowRate}/s", (double)result["low_rate_p50_ms"]!, 12);
        targets.AtMost($"{name} p99 ms at {LowRate}/s", (double)result["low_rate_p99_ms"]!, 50);
    }

    private static async Task<JsonObject> MeasureAsync(
        string name, IReadOnlyList<IRunDirectory> silos, InstantRunner runner, BenchmarkOptions options, (PostgresServer Server, string Database)? counted, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"  {name}");
        var load = new EngineLoad(silos, runner);
        await load.ClosedAsync(InFlight, WarmUp, new Latencies(), cancellationToken);
        var before = counted is { } c ? await PostgresCounters.ReadAsync(c.Server, c.Database) : null;
        var busy = new Latencies();
        var allocated = GC.GetTotalAllocatedBytes();
        var (runs, took) = await load.ClosedAsync(InFlight, TimeSpan.FromSeconds(options.Seconds), busy, cancellationToken);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        var spent = before is null ? null : (await PostgresCounters.ReadAsync(counted!.Value.Server, counted.Value.Database)).Since(before);
        var calm = new Latencies();
        await load.OpenAsync(LowRate, TimeSpan.FromSeconds(options.Seconds), calm, cancellationToken);
        var rate = runs / took.TotalSeconds;
        Console.Error.WriteLine($"    {rate:0} runs/s, p50 {busy.At(0.5)} ms, p99 {busy.At(0.99)} ms; at {LowRate}/s p50 {calm.At(0.5)} ms, p99 {calm.At(0.99)} ms"
            + (spent is null ? "" : $"; per run {(double)spent.Commits / runs:0.00} commits, {(double)spent.WalSyncs / runs:0.00} WAL syncs"));
        return new JsonObject
        {
            ["engine"] = name,
            ["runs"] = runs,
            ["runs_per_second"] = Math.Round(rate, 1),
            ["p50_ms"] = busy.At(0.5),
            ["p99_ms"] = busy.At(0.99),
            ["low_rate_p50_ms"] = calm.At(0.5),
            ["low_rate_p99_ms"] = calm.At(0.99),
            ["commits_per_run"] = spent is null ? null : Math.Round((double)spent.Commits / runs, 2),
            ["wal_syncs_per_run"] = spent is null ? null : Math.Round((double)spent.WalSyncs / runs, 2),
            ["wal_bytes_per_run"] = spent is null ? null : spent.WalBytes / runs,
            ["allocated_bytes_per_run"] = allocated / Math.Max(1, runs),
        };
    }

    /// <summary>The same writes without an engine, and what pgbench gets.</summary>
    private static async Task<JsonObject> BaselineAsync(PostgresServer server, BenchmarkOptions options, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine("  raw statements and pgbench");
        var database = await server.CreateDatabaseAsync();
        RecordingStore? recorder = null;
        var runner = new InstantRunner();
        await using (var silo = await BenchSilo.StartAsync(database, null, runner, 1, store => recorder = new RecordingStore(store)))
        {
            await new EngineLoad([silo.Directory], runner).ClosedAsync(1, TimeSpan.FromMilliseconds(1), new Latencies(), cancellationToken);
        }

        var raw = new RawStatements(database, recorder!);
        var duration = TimeSpan.FromSeconds(options.Seconds);
        var result = new JsonObject
        {
            ["transitions_per_run"] = raw.Count,
            ["raw_commit_per_transition"] = await raw.MeasureAsync(InFlight, 1, duration, cancellationToken),
            ["raw_same_batches"] = await raw.MeasureAsync(2, InFlight / 2, duration, cancellationToken),
            ["pgbench_inserts_per_second"] = await PgBench.InsertsPerSecondAsync(server, options.Seconds),
        };
        Console.Error.WriteLine($"    {result.ToJsonString(JsonSerializerOptions.Default)}");
        return result;
    }
}
