using System.Collections.Concurrent;
using System.Diagnostics;
using Actors.Chaos.Checker;
using Actors.Chaos.Load;
using Actors.Testing.Cluster;

namespace Actors.Chaos.Faults;

/// <summary>What faults act on.</summary>
internal sealed class ChaosWorld(SiloCluster cluster, ChildProcess runner, LoadGenerator load, ChaosOptions options, string? volume)
{
    private readonly ConcurrentQueue<(long At, string Client, LossKind Kind)> _losses = [];
    private static readonly long TakeoverTime = (long)TimeSpan.FromSeconds(30).TotalMilliseconds;
    private static readonly long QuietBefore = (long)TimeSpan.FromSeconds(20).TotalMilliseconds;
    private static readonly long QuietAfter = (long)TimeSpan.FromSeconds(60).TotalMilliseconds;
    private readonly ConcurrentQueue<(long From, long To)> _troubles = [];

    public SiloCluster Cluster { get; } = cluster;

    public ChildProcess Runner { get; } = runner;

    public LoadGenerator Load { get; } = load;

    public ChaosOptions Options { get; } = options;

    /// <summary>The small file system that holds the database; null when there is none.</summary>
    public string? Volume { get; } = volume;

    /// <summary>Silos that were lost. A takeover is judged if nothing else was broken in its time.</summary>
    public IReadOnlyList<SiloLoss> Losses => [.. _losses.Select(l => new SiloLoss(l.At, l.Client, IsAlone(l.At, TakeoverTime, TakeoverTime, ofAll: false), l.Kind, IsAlone(l.At, QuietBefore, QuietAfter, ofAll: true)))];

    /// <summary>Held by a fault of what all silos need while it lasts, and by one that must be judged alone.</summary>
    public SemaphoreSlim Shared { get; } = new(1);

    /// <summary>When the load ended.</summary>
    public long LoadEnded { get; private set; }

    public void EndLoad() => LoadEnded = Now;

    /// <summary>Runs that killed their silo until they were done.</summary>
    public ConcurrentBag<string> Poisoned { get; } = [];

    /// <summary>What was odd, for people.</summary>
    public ConcurrentBag<string> Notes { get; } = [];

    /// <summary>How often a silo ended by itself and was started again, as an orchestrator does.</summary>
    public int Restarted { get; private set; }

    public void Note(string text) => Notes.Add(text);

    /// <summary>Starts silos again that ended by themselves.</summary>
    public async Task SuperviseAsync(CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            foreach (var silo in Cluster.Silos.Where(s => s.IsWanted && !s.IsRunning))
            {
                Restarted++;
                silo.Launch();
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public static Task WaitAsync(double seconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);

    /// <summary>Notes that a silo is lost from now on.</summary>
    public void Lose(SiloNode silo, LossKind kind) => _losses.Enqueue((Now, silo.Address.ToString(), kind));

    /// <summary>Something that all silos need is broken, or the load is another, while <paramref name="action"/> lasts.</summary>
    public async Task TroubleAsync(Func<Task> action)
    {
        var from = Now;
        try
        {
            await action();
        }
        finally
        {
            _troubles.Enqueue((from, Now));
        }
    }

    /// <summary>Brings everything back: faults that were cut short leave nothing broken.</summary>
    public async Task HealAsync()
    {
        if (Volume is not null)
        {
            File.Delete(Path.Combine(Volume, "filler"));
        }

        await Cluster.Postgres.StartAsync();
        if (!Runner.IsRunning)
        {
            Runner.Start();
        }

        foreach (var silo in Cluster.Silos)
        {
            silo.Proxy.Heal();
            silo.RunnerProxy.Heal();
            silo.Proxy.Delay = TimeSpan.Zero;
            File.Delete(silo.ClockFile);
            if (silo.IsPaused)
            {
                silo.Resume();
            }

            if (!silo.IsRunning)
            {
                silo.Launch();
            }
        }
    }

    private bool IsAlone(long at, long before, long after, bool ofAll) =>
        !_troubles.Any(t => t.From < at + after && t.To > (ofAll ? at - before : at)) && !_losses.Any(o => o.At != at && o.At > at - before && o.At < at + after);

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Runs a program to its end.</summary>
    public static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
