using System.Globalization;
using System.Text.Json.Nodes;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;

namespace Actors.Benchmarks.Mcp;

/// <summary>The MCP front end: what a call costs beside the SDK alone, and what clients cost that do not read.</summary>
internal sealed class McpBenchmark : IBenchmark
{
    private const double MostGrowthMiB = 50;
    private const int WarmRuns = 64;

    // About half of what was measured: below that something has become slower, not the machine busier.
    private const double LeastOfGetRun = 0.1;
    private const double LeastOfRunWorkflow = 0.007;
    private const string Null = "null";
    private static readonly int[] Connections = [1, 32, 256];
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);

    public static string Name => "mcp";

    public static string Summary => "get_run and run_workflow over HTTP at 1, 32 and 256 connections beside a bare SDK server; memory under stalled readers";

    public static async Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("actors-bench-");
        try
        {
            NullWorkflows.Write(folder.FullName);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, Null + ".yaml"), NullWorkflow, cancellationToken);
            await using var cluster = await SiloCluster.StartAsync(new SiloClusterOptions { Silos = 1, Workflows = folder.FullName, Environment = Settings });
            var targets = new Targets();
            var result = new JsonObject { ["benchmark"] = Name };
            if (options.Wants("stalled"))
            {
                // First, while the heap has no room left over from load; warm, as compiling takes memory too.
                await WarmUpAsync(cluster.Silos[0].Url, cancellationToken);
                var stalled = await StalledReaders.MeasureAsync(cluster.Silos[0].Url, cluster.Silos[0].ProcessId, NullWorkflows.Three, cancellationToken);
                result["stalled_readers"] = stalled;
                targets.AtMost("growth in MiB under stalled readers", stalled["grown_mib"]!.GetValue<double>(), MostGrowthMiB);
                targets.AtLeast("bytes that the silo could not send to them", stalled["unsent_bytes"]!.GetValue<long>(), 1);
            }

            if (options.Wants("calls"))
            {
                result["calls"] = await CallsAsync(cluster, folder.FullName, options, targets, cancellationToken);
            }

            return targets.Into(result);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Room for the load: what is measured is the way in and the engine, not their limits.
    private static Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["ACTORS__SILO__RUNWORKFLOWWAITSECONDS"] = "45",
        ["ACTORS__SILO__MAXACTIVERUNS"] = "256",
        ["ACTORS__SILO__MAXRUNSPERSUBJECT"] = "10000",
        ["ACTORS__SILO__REQUESTSPERMINUTE"] = "1000000",
        ["ACTORS__SILO__REQUESTSPERMINUTEPERADDRESS"] = "1000000",
    };

    private static string NullWorkflow =>
        """
        id: null
        version: "1"
        timeout: 1m
        params: { type: object }
        servers:
          tool: { image: "null/tool:1" }
        steps:
          - { id: a, server: tool, tool: read, arguments: { key: "${{ run.id }}" } }
        output: { last: "${{ steps.a.result.structuredContent.key }}" }
        """.Replace("id: null", "id: \"null\"", StringComparison.Ordinal);

    private static async Task<JsonArray> CallsAsync(SiloCluster cluster, string folder, BenchmarkOptions options, Targets targets, CancellationToken cancellationToken)
    {
        var port = ChildProcess.FreePort();
        await using var bare = new ChildProcess(
            "bare server", typeof(McpBenchmark).Assembly.Location, [BareServer.Command, port.ToString(CultureInfo.InvariantCulture)], new Dictionary<string, string>(StringComparer.Ordinal), Path.Combine(folder, "bare.log"));
        bare.Start();
        using var bareLoad = new McpLoad(new Uri($"http://127.0.0.1:{port}"));
        await ReadyAsync(bareLoad, cancellationToken);
        using var load = new McpLoad(cluster.Silos[0].Url);
        var run = (await load.CallAsync("run_workflow", new { workflow_id = Null }, cancellationToken))!.Value.GetProperty("run_id").GetString();
        var duration = TimeSpan.FromSeconds(options.Seconds);
        var rows = new JsonArray();
        foreach (var connections in Connections)
        {
            var alone = await bareLoad.MeasureAsync("bare SDK", "empty", new { }, connections, duration, cancellationToken);
            rows.Add(alone);
            foreach (var row in (JsonObject[])
                     [
                         await load.MeasureAsync("get_run", "get_run", new { run_id = run }, connections, duration, cancellationToken),
                         await load.MeasureAsync("run_workflow", "run_workflow", new { workflow_id = Null }, connections, duration, cancellationToken),
                     ])
            {
                var ratio = Math.Round(row["requests_per_second"]!.GetValue<double>() / alone["requests_per_second"]!.GetValue<double>(), 4);
                row["of_bare"] = ratio;
                rows.Add(row);
                targets.AtLeast($"{row["call"]} at {connections} connections, of the bare SDK's rate", ratio, row["call"]!.GetValue<string>() == "get_run" ? LeastOfGetRun : LeastOfRunWorkflow);
            }
        }

        return rows;
    }

    private static async Task WarmUpAsync(Uri silo, CancellationToken cancellationToken)
    {
        using var load = new McpLoad(silo);
        await Task.WhenAll(Enumerable.Range(0, WarmRuns).Select(_ => load.CallAsync("run_workflow", new { workflow_id = Null }, cancellationToken)));
    }

    private static async Task ReadyAsync(McpLoad bare, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await bare.CallAsync("empty", new { }, cancellationToken);
                return;
            }
            catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(start) < StartPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
            }
        }
    }
}
