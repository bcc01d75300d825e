using System.Collections.Concurrent;

namespace Actors.Chaos.Faults;

/// <summary>Injects faults one after the other in each lane, first each kind once in a shuffled order, then at random. The seed decides which, when and how.</summary>
internal sealed class FaultInjector(ChaosWorld world, int seed)
{
    private const double LongestPause = 4;
    private readonly ConcurrentDictionary<string, int> _injected = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _skipped = new(StringComparer.Ordinal);

    /// <summary>How often each kind was injected.</summary>
    public IReadOnlyDictionary<string, int> Injected => _injected;

    /// <summary>Kinds that cannot be injected here, and why.</summary>
    public IReadOnlyDictionary<string, string> Skipped => _skipped;

    /// <summary>Kinds of faults.</summary>
    public static IReadOnlyList<Fault> All { get; } = [.. SiloFaults.All, .. SharedFaults.All];

    /// <summary>Ends when <paramref name="until"/> does, each fault cut short.</summary>
    public Task RunAsync(CancellationToken until)
    {
        foreach (var fault in All.Where(IsAskedFor))
        {
            if (Reason(fault) is { } reason)
            {
                _skipped[fault.Kind] = reason;
            }
        }

        return Task.WhenAll(LaneAsync(Lane.Silo, until), LaneAsync(Lane.Shared, until));
    }

    private bool IsAskedFor(Fault fault) => world.Options.Only.Count == 0 || world.Options.Only.Contains(fault.Kind, StringComparer.Ordinal);

    private string? Reason(Fault fault) =>
        world.Options.Minutes < fault.LeastMinutes ? $"only in runs of {fault.LeastMinutes} minutes and more"
        : fault.Skip(world);

    private async Task LaneAsync(Lane lane, CancellationToken until)
    {
        var random = new Random(Seeds.Mix(seed, (int)lane));
        var kinds = All.Where(f => f.Lane == lane && IsAskedFor(f) && !_skipped.ContainsKey(f.Kind)).ToArray();
        random.Shuffle(kinds);
        for (var number = 0; kinds.Length > 0 && !until.IsCancellationRequested; number++)
        {
            var fault = number < kinds.Length ? kinds[number] : kinds[random.Next(kinds.Length)];
            try
            {
                await ChaosWorld.WaitAsync(0.5 + (random.NextDouble() * LongestPause), until);
                await Console.Error.WriteLineAsync($"    {TimeProvider.System.GetLocalNow():HH:mm:ss} {fault.Kind}");
                _injected.AddOrUpdate(fault.Kind, 1, (_, n) => n + 1);
                await fault.InjectAsync(world, random, until);
            }
            catch (OperationCanceledException) when (until.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or Npgsql.NpgsqlException)
            {
                // Another fault got in its way: healing mends it.
                await Console.Error.WriteLineAsync($"    {fault.Kind}: {e.Message.Split('\n')[0]}");
            }
        }
    }
}
