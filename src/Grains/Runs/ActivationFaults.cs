using System.Collections.Concurrent;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>Runs whose activation broke rest before they are activated again, twice as long after each further break.</summary>
internal sealed class ActivationFaults(TimeProvider time)
{
    private const int MostDoublings = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<RunId, Fault> _faults = new();

    /// <summary>An activation broke; tells how long the run rests.</summary>
    public TimeSpan Add(RunId id)
    {
        var fault = _faults.AddOrUpdate(id, _ => new Fault(0, time.GetTimestamp()), (_, f) => new Fault(Math.Min(f.Doublings + 1, MostDoublings), time.GetTimestamp()));
        return fault.Pause;
    }

    /// <summary>The run was worked on to its end.</summary>
    public void Forget(RunId id) => _faults.TryRemove(id, out _);

    /// <summary>Whether the run must be left alone for now.</summary>
    public bool IsResting(RunId id) => _faults.TryGetValue(id, out var fault) && time.GetElapsedTime(fault.At) < fault.Pause;

    private sealed record Fault(int Doublings, long At)
    {
        public TimeSpan Pause => FirstPause * (1 << Doublings);
    }
}
