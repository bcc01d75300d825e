using System.Globalization;
using Actors.Chaos.Checker;
using Actors.Testing.Cluster;
using Npgsql;

namespace Actors.Chaos.Faults;

/// <summary>Faults of one silo's process.</summary>
internal static class SiloFaults
{
    // The lease, and what a silo may need to see that it is over.
    private const double PastTheLease = 18;

    // What was broken before is over, and the throughput is what it was.
    private const double Quiet = 25;
    private static readonly TimeSpan PoisonPatience = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill_silo", Lane.Silo, KillAsync),
        new("pause_silo", Lane.Silo, PauseAsync),
        new("evict_silo", Lane.Silo, EvictAsync),
        new("rolling_restart", Lane.Silo, RollAsync),
        new("clock_jump", Lane.Silo, JumpAsync),
        new("poison_run", Lane.Silo, PoisonAsync, LeastMinutes: 6) { IsAlone = true },
        new("lone_kill", Lane.Silo, LoneKillAsync, LeastMinutes: 4) { IsAlone = true },
    ];

    private static SiloNode Any(ChaosWorld world, Random random) => world.Cluster.Silos[random.Next(world.Cluster.Silos.Count)];

    private static async Task KillAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        var silo = Any(world, random);
        await silo.KillAsync();
        world.Lose(silo, LossKind.Killed);
        await ChaosWorld.WaitAsync(random.NextDouble() * PastTheLease, cancellationToken);
        silo.Launch();
    }

    private static async Task PauseAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        var silo = Any(world, random);
        silo.Pause();
        world.Lose(silo, LossKind.Paused);
        await ChaosWorld.WaitAsync(PastTheLease + (random.NextDouble() * 4), cancellationToken);
        silo.Resume();
    }

    /// <summary>A silo loses its lease in the database while it is alive and writing: until its next beat, the fence alone stops it.</summary>
    private static async Task EvictAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        await using var connection = await world.Cluster.ConnectAsync();
        await using var command = new NpgsqlCommand(
            """
            WITH gone AS (DELETE FROM silos WHERE name = @name RETURNING id)
            UPDATE runs SET owner = NULL, due_at = db_now() WHERE owner IN (SELECT id FROM gone)
            """,
            connection);
        command.Parameters.AddWithValue("name", $"silo-{Any(world, random).Number}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        await ChaosWorld.WaitAsync(3, cancellationToken);
    }

    private static async Task RollAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        foreach (var silo in world.Cluster.Silos)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await silo.StopAsync() is not 0)
            {
                world.Note($"silo {silo.Number} did not end well on SIGTERM");
            }

            silo.Launch();
            await silo.ReadyAsync();
        }
    }

    /// <summary>The wall clock of one silo's process jumps by minutes, forward or back, and stays so for a while. Its monotonic clock does not, as under an administrator's hand.</summary>
    private static async Task JumpAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        var silo = Any(world, random);
        var seconds = random.Next(60, 600) * (random.Next(2) == 0 ? 1 : -1);
        await File.WriteAllTextAsync(silo.ClockFile, seconds.ToString(CultureInfo.InvariantCulture), cancellationToken);
        await ChaosWorld.WaitAsync(5 + (random.NextDouble() * 10), cancellationToken);
        File.Delete(silo.ClockFile);
    }

    /// <summary>One silo is lost and nothing else: takeovers and throughput are judged by it.</summary>
    private static async Task LoneKillAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        await ChaosWorld.WaitAsync(Quiet, cancellationToken);
        var silo = Any(world, random);
        await silo.KillAsync();
        world.Lose(silo, LossKind.Killed);
        await ChaosWorld.WaitAsync(PastTheLease, cancellationToken);
        silo.Launch();
        await ChaosWorld.WaitAsync(60 - PastTheLease, cancellationToken);
    }

    /// <summary>Kills whoever owns a certain run, until the run is given up: also past the end of the faults' time.</summary>
    private static async Task PoisonAsync(ChaosWorld world, Random random, CancellationToken cancellationToken)
    {
        if (await world.Load.OneAsync(random, $"poison-{random.Next()}", 600_000, cancellationToken) is not { } run)
        {
            return;
        }

        world.Poisoned.Add(run);
        using var patience = new CancellationTokenSource(PoisonPatience, TimeProvider.System);
        while (!patience.IsCancellationRequested)
        {
            await ChaosWorld.WaitAsync(0.5, CancellationToken.None);
            if (await OwnerAsync(world, run, CancellationToken.None) is not { } owner)
            {
                return;
            }

            if (world.Cluster.Silos.FirstOrDefault(s => s.Address.ToString() == owner) is { IsRunning: true } silo)
            {
                await silo.KillAsync();
                await ChaosWorld.WaitAsync(2, CancellationToken.None);
                silo.Launch();
            }
        }
    }

    /// <summary>Address of the silo that claimed the run last, empty while nobody owns it; null when it is done.</summary>
    private static async Task<string?> OwnerAsync(ChaosWorld world, string run, CancellationToken cancellationToken)
    {
        await using var connection = await world.Cluster.ConnectAsync();
        await using var command = new NpgsqlCommand(
            """
            SELECT coalesce((
              SELECT h.client FROM chaos_history h
              WHERE h.change->>'id' = r.id AND h.change->>'owner' = r.owner::text ORDER BY h.seq LIMIT 1), '')
            FROM runs r WHERE r.id = @run
            """,
            connection);
        command.Parameters.AddWithValue("run", run);
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }
}
