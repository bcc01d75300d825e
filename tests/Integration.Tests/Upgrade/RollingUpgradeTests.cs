using System.Collections.Concurrent;
using Actors.Grains.Interfaces;
using Actors.Integration.Tests.Cluster;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;
using Npgsql;

namespace Actors.Integration.Tests.Upgrade;

/// <summary>Silos of this version and of the next, which has one migration more, side by side on one database.</summary>
[Collection(ThreeSilos.Name)]
public sealed class RollingUpgradeTests
{
    private const int Clients = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Upgrade_ThreeSilosOneAfterTheOtherUnderLoad_LosesNothing()
    {
        await using var cluster = await SiloCluster.StartAsync(new SiloClusterOptions { Silos = 3 });
        using var caller = new McpCaller();
        using var stop = new CancellationTokenSource();
        var acknowledged = new ConcurrentQueue<string>();
        var load = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => LoadAsync(cluster, caller, client, acknowledged, stop.Token)));
        foreach (var silo in cluster.Silos)
        {
            Assert.Equal(0, await silo.StopAsync());
            silo.Use(NextVersion);
            await silo.StartAsync();

            // Old and new silos share the new schema, and both take runs.
            Assert.Equal(4, await ScalarAsync<long>(cluster, "SELECT max(version) FROM schema_version"));
            foreach (var any in cluster.Silos)
            {
                acknowledged.Enqueue(await SubmitAsync(caller, any, Guid.NewGuid().ToString()));
            }
        }

        await stop.CancelAsync();
        await load;
        Assert.Equal("0.1.1", await ScalarAsync<string>(cluster, "SELECT string_agg(DISTINCT version, ' ') FROM silos"));
        await AssertAllSucceededOnceAsync(cluster, caller, [.. acknowledged]);
    }

    private static string NextVersion
    {
        get
        {
            var here = new DirectoryInfo(AppContext.BaseDirectory);
            var configuration = here.Parent!;
            return Path.Combine(configuration.Parent!.Parent!.FullName, "obj", "next", "bin", "Silo", configuration.Name.ToLowerInvariant(), "Actors.Silo.dll");
        }
    }

    private static async Task LoadAsync(SiloCluster cluster, McpCaller caller, int client, ConcurrentQueue<string> acknowledged, CancellationToken until)
    {
        for (var number = 0; !until.IsCancellationRequested; number++)
        {
            // A silo that is gone takes nothing: the next one does, under the same key.
            var key = $"upgrade-{client}-{number}";
            for (var silo = number; ; silo++)
            {
                try
                {
                    acknowledged.Enqueue(await SubmitAsync(caller, cluster.Silos[silo % cluster.Silos.Count], key));
                    break;
                }
                catch (Exception e) when (e is HttpRequestException or RunRejectedException)
                {
                    await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
                }
            }

            await Task.Delay(Pause, TimeProvider.System, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<string> SubmitAsync(McpCaller caller, SiloNode silo, string key) =>
        (await caller.SubmitAsync(silo.Url, NullWorkflows.Three, new { ms = 100 }, key, CancellationToken.None)).RunId;

    private static async Task AssertAllSucceededOnceAsync(SiloCluster cluster, McpCaller caller, IReadOnlyList<string> runs)
    {
        // Enough that each silo was stopped in the midst of some.
        Assert.InRange(runs.Count, 50, int.MaxValue);
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (run, token) =>
        {
            RunView view;
            do
            {
                view = await caller.WaitAsync(cluster.Silos[1].Url, run, 20, token);
            }
            while (view.Status != RunStatus.Done);
            Assert.Equal(RunOutcome.Succeeded, view.Outcome);
        });

        var effects = Ledger.Read(cluster.LedgerFile).Where(e => e.Kind == LedgerKinds.Executed).CountBy(e => e.Run, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        Assert.All(runs, run => Assert.Equal(3, effects[run]));
        Assert.Equal(runs.Count, effects.Count);
    }

    private static async Task<T> ScalarAsync<T>(SiloCluster cluster, string sql)
    {
        await using var connection = await cluster.ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
