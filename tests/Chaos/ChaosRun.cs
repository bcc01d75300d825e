using System.Security.Cryptography;
using Actors.Chaos.Checker;
using Actors.Chaos.Faults;
using Actors.Chaos.Load;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;
using Npgsql;

namespace Actors.Chaos;

/// <summary>One run of chaos: cluster, load, faults; then everything is healed, what is unfinished may end, and the history is judged.</summary>
internal sealed class ChaosRun(ChaosOptions options)
{
    // A runner forgets sandboxes that nobody asks about for so long.
    private const int IdleSeconds = 45;
    private const string VolumeSize = "3g";

    public async Task<ChaosReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var volume = options.Only.Count == 0 || options.Only.Contains("disk_full", StringComparer.Ordinal) ? await Volume.MountAsync(VolumeSize) : null;
        await using var cluster = await SiloCluster.PrepareAsync(new SiloClusterOptions
        {
            Silos = options.Silos,
            Runner = RunnerUrl,
            SiloProgram = ChildProcess.PathOf("tests", "Chaos"),
            SiloArguments = ["silo"],
            PostgresParent = volume?.Path,
            PostgresSettings = new Dictionary<string, string>(StringComparer.Ordinal) { ["max_wal_size"] = "256MB", ["log_min_messages"] = "fatal" },
            Edit = Mutations.Edit(options.Mutation),
            Keep = options.Keep,
        });
        await using var _ = volume;
        await using var runner = Runner(cluster);
        runner.Start();
        await cluster.Silos[0].StartAsync();
        await using (var connection = await cluster.ConnectAsync())
        {
            await HistoryReader.InstallAsync(connection);
            await Mutations.InstallAsync(options.Mutation, connection);
        }

        await Task.WhenAll(cluster.Silos.Skip(1).Select(s => s.StartAsync()));
        using var load = new LoadGenerator(cluster.Silos, Mutations.Load(options.Mutation), options.Seed);
        var world = new ChaosWorld(cluster, runner, load, options, volume?.Path);
        var injector = new FaultInjector(world, options.Seed);
        var history = await BreakAndHealAsync(world, injector, cancellationToken);
        var violations = HistoryChecker.Check(history, new CheckerLimits { Idle = TimeSpan.FromSeconds(IdleSeconds) });
        return ChaosReport.Of(options, world, injector, history, violations, TimeProvider.System.GetElapsedTime(started));
    }

    private Uri RunnerUrl { get; } = new($"http://127.0.0.1:{ChildProcess.FreePort()}");

    private ChildProcess Runner(SiloCluster cluster) => new(
        "runner",
        ChildProcess.PathOf("tests", "Chaos"),
        ["null-runner", RunnerUrl.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), cluster.LedgerFile, "50", IdleSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture)],
        new Dictionary<string, string>(StringComparer.Ordinal),
        Path.Combine(cluster.Folder, "runner.log"));

    private async Task<History> BreakAndHealAsync(ChaosWorld world, FaultInjector injector, CancellationToken cancellationToken)
    {
        using var faults = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var submits = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var supervision = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clients = world.Load.RunAsync(submits.Token, giveUp.Token);
        var supervising = world.SuperviseAsync(supervision.Token);
        using var end = new CancellationTokenSource(options.Duration, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, faults.Token);
        await injector.RunAsync(either.Token);
        Say("healing");
        await world.HealAsync();
        world.EndLoad();
        await submits.CancelAsync();
        await DrainAsync(world, clients, cancellationToken);
        await giveUp.CancelAsync();
        await clients;
        var history = await JudgeableAsync(world, cancellationToken);
        await supervision.CancelAsync();
        await supervising;
        return history;
    }

    /// <summary>Waits until the clients know their ends and every run is done, or for as long as that may take.</summary>
    private async Task DrainAsync(ChaosWorld world, Task clients, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        await using var connection = await world.Cluster.ConnectAsync();
        for (var said = -1L; TimeProvider.System.GetElapsedTime(start) < options.HealPatience;)
        {
            var left = await HistoryReader.UnfinishedAsync(connection);
            if (left == 0 && clients.IsCompleted)
            {
                return;
            }

            if (left != said)
            {
                Say($"{left} runs go on");
                said = left;
            }

            await ChaosWorld.WaitAsync(1, cancellationToken);
        }
    }

    private static async Task<History> JudgeableAsync(ChaosWorld world, CancellationToken cancellationToken)
    {
        await using var connection = await world.Cluster.ConnectAsync();
        var runs = await HistoryReader.ReadAsync(connection);
        var start = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> alive;
        IReadOnlyList<LedgerEntry> ledger;
        do
        {
            ledger = Ledger.Read(world.Cluster.LedgerFile);
            alive = Alive(ledger, runs);
            await ChaosWorld.WaitAsync(alive.Count == 0 ? 0 : 1, cancellationToken);
        }
        while (alive.Count > 0 && TimeProvider.System.GetElapsedTime(start).TotalSeconds < IdleSeconds + 15);

        return new History { Submissions = [.. world.Load.Submissions], Runs = runs, Ledger = ledger, Losses = world.Losses, Poisoned = [.. world.Poisoned], LoadEnded = world.LoadEnded, Orphans = alive };
    }

    /// <summary>Sandboxes that live although their run is done or unknown.</summary>
    private static List<string> Alive(IReadOnlyList<LedgerEntry> ledger, IReadOnlyDictionary<string, RunRecord> runs)
    {
        var alive = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in ledger)
        {
            switch (entry.Kind)
            {
                case LedgerKinds.Launched:
                    alive.Add(entry.Sandbox);
                    break;
                case LedgerKinds.Stopped or LedgerKinds.Lost or LedgerKinds.Reaped:
                    alive.Remove(entry.Sandbox);
                    break;
            }
        }

        return [.. alive.Where(s => !runs.TryGetValue(s[..Math.Min(30, s.Length)], out var run) || run.Done)];
    }

    private static void Say(string text) => Console.Error.WriteLine($"    {TimeProvider.System.GetLocalNow():HH:mm:ss} {text}");
}
