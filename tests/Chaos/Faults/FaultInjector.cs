using System.Collections.Concurrent;

namespace Actors.Chaos.Faults;

/// <summary>Injects faults one after the other in each lane, first each kind once in a shuffled order, then at random. The seed decides which, when and how.</summary>
internal sealed class FaultInjector(ChaosWorld world, int seed)
{
    private const double LongestPause = 4;
    private readonly ConcurrentDictionary<string, int> _injected = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _failed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _skipped = new(StringComparer.Ordinal);

    /// <summary>How often each kind was injected.</summary>
    public IReadOnlyDictionary<string, int> Injected => _injected;

    /// <summary>How often each kind could not be injected or healed, because another fault was in its way.</summary>
    public IReadOnlyDictionary<string, int> Failed => _failed;

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
        world.Options.Only.Count == 0 && world.Options.Minutes < fault.LeastMinutes ? $"only in runs of {fault.LeastMinutes} minutes and more"
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
                await InjectAsync(fault, random, until);
            }
            catch (OperationCanceledException) when (until.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or Npgsql.NpgsqlException)
            {
                // Another fault got in its way: healing mends it.
                _failed.AddOrUpdate(fault.Kind, 1, (_, n) => n + 1);
                await Console.Error.WriteLineAsync($"    {fault.Kind}: {e.Message.Split('\n')[0]}");
            }
        }
    }

    /// <summary>Counts a fault once it was injected; one that was cut short by the end of its time, and not by a failure, was.</summary>
    private async Task InjectAsync(Fault fault, Random random, CancellationToken until)
    {
        var holds = fault.Lane == Lane.Shared || fault.IsAlone;
        if (holds)
        {
            await world.Shared.WaitAsync(until);
        }

        try
        {
            await Console.Error.WriteLineAsync($"    {TimeProvider.System.GetLocalNow():HH:mm:ss} {fault.Kind}");
            await fault.InjectAsync(world, random, until);
            _injected.AddOrUpdate(fault.Kind, 1, (_, n) => n + 1);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            _injected.AddOrUpdate(fault.Kind, 1, (_, n) => n + 1);
            throw;
        }
        finally
        {
            if (holds)
            {
                world.Shared.Release();
            }
        }
    }
}
