using Actors.Chaos.Checker;
using Actors.Testing.Cluster;

namespace Actors.Chaos.Faults;

/// <summary>Faults of what all silos need: the database, the ways to it, the runner.</summary>
internal static class SharedFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill_runner", Lane.Shared, KillRunnerAsync),
        new("kill_postgres", Lane.Shared, (w, r, c) => w.TroubleAsync(() => KillPostgresAsync(w, r, c))),
        new("terminate_backends", Lane.Shared, TerminateAsync),
        new("cut_database", Lane.Shared, (w, r, c) => LoseDatabaseAsync(w, r, p => p.Cut(), c)),
        new("hole_database", Lane.Shared, (w, r, c) => LoseDatabaseAsync(w, r, p => p.OpenHole(), c)),
        new("cut_runner", Lane.Shared, (w, r, c) => LoseRunnerAsync(w, r, p => p.Cut(), c)),
        new("hole_runner", Lane.Shared, (w, r, c) => LoseRunnerAsync(w, r, p => p.OpenHole(), c)),
        new("drop_after_commit", Lane.Shared, SwallowAsync),
        new("slow_database", Lane.Shared, (w, r, c) => w.TroubleAsync(() => SlowAsync(w, r, c))),
        new("disk_full", Lane.Shared, (w, r, c) => w.TroubleAsync(() => FillAsync(w, r, c)), LeastMinutes: 1)
        {
            Skip = world => world.Volume is null ? "only root can mount a small file system" : null,
        },
        new("herd", Lane.Shared, (w, r, c) => w.TroubleAsync(() => HerdAsync(w, r, c))),
    ];

    private static async Task KillRunnerAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        await world.Runner.KillAsync();
        await ChaosWorld.WaitAsync(random.NextDouble() * 3, cancellationToken);
        world.Runner.Start();
    }

    private static async Task KillPostgresAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        await world.Cluster.Postgres.Kill9Async();
        await ChaosWorld.WaitAsync(random.NextDouble() * 3, cancellationToken);
        await world.Cluster.Postgres.StartAsync();
    }

    private static async Task TerminateAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        foreach (var silo in world.Cluster.Silos)
        {
            await world.Cluster.TerminateBackendsAsync(silo);
            await ChaosWorld.WaitAsync(random.NextDouble(), cancellationToken);
        }
    }

    /// <summary>One silo loses the database, for so short that it keeps its lease or so long that it must give up.</summary>
    private static async Task LoseDatabaseAsync(ChaosWorld world, Random random, Action<TcpProxy> lose, CancellationToken cancellationToken)
    {
        var silo = world.Cluster.Silos[random.Next(world.Cluster.Silos.Count)];
        var isLong = random.Next(2) == 0;
        lose(silo.Proxy);
        if (isLong)
        {
            world.Lose(silo, LossKind.Cut);
        }

        await ChaosWorld.WaitAsync(isLong ? 17 + (random.NextDouble() * 3) : random.NextDouble() * 5, cancellationToken);
        silo.Proxy.Heal();
    }

    /// <summary>One silo or all lose the runner, for less time than the runner keeps a sandbox that nobody asks about.</summary>
    private static Task LoseRunnerAsync(ChaosWorld world, Random random, Action<TcpProxy> lose, CancellationToken cancellationToken)
    {
        var silos = random.Next(2) == 0 ? world.Cluster.Silos : [world.Cluster.Silos[random.Next(world.Cluster.Silos.Count)]];
        return world.TroubleAsync(async () =>
        {
            foreach (var silo in silos)
            {
                lose(silo.RunnerProxy);
            }

            await ChaosWorld.WaitAsync(2 + (random.NextDouble() * 13), cancellationToken);
            foreach (var silo in silos)
            {
                silo.RunnerProxy.Heal();
            }
        });
    }

    private static async Task SwallowAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        foreach (var silo in world.Cluster.Silos)
        {
            silo.Proxy.SwallowCommits(1 + random.Next(3));
        }

        await ChaosWorld.WaitAsync(2, cancellationToken);
    }

    private static async Task SlowAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        foreach (var silo in world.Cluster.Silos)
        {
            silo.Proxy.Delay = TimeSpan.FromMilliseconds(random.Next(50, 800));
        }

        await ChaosWorld.WaitAsync(4 + (random.NextDouble() * 4), cancellationToken);
        foreach (var silo in world.Cluster.Silos)
        {
            silo.Proxy.Delay = TimeSpan.Zero;
        }
    }

    /// <summary>The database's file system has no byte left; PostgreSQL may stop by itself and is started again once there is room.</summary>
    private static async Task FillAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        var filler = Path.Combine(world.Volume!, "filler");
        await ChaosWorld.RunAsync("dd", "if=/dev/zero", $"of={filler}", "bs=1M");
        await ChaosWorld.WaitAsync(3 + (random.NextDouble() * 4), cancellationToken);
        File.Delete(filler);
        await world.Cluster.Postgres.StartAsync();
    }

    private static Task HerdAsync(ChaosWorld world, Random random, CancellationToken cancellationToken) =>
        world.Load.HerdAsync(world.Options.Minutes >= 5 ? 10_000 : 300, random, cancellationToken);
}
