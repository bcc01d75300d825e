using System.Collections.Concurrent;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>Wakes those who wait for a change of a run. A hint only: a waiter reads the store, and looks again by itself after a while.</summary>
internal sealed class RunPulse
{
    private readonly ConcurrentDictionary<RunId, TaskCompletionSource> _waiting = new();

    /// <summary>Ends at the next signal for the run, on the thread of whoever signals: yield before doing anything. Take it before reading the store.</summary>
    public Task NextAsync(RunId id) => _waiting.GetOrAdd(id, _ => new TaskCompletionSource()).Task;

    /// <summary>The run has changed.</summary>
    public void Signal(RunId id)
    {
        if (_waiting.TryRemove(id, out var waiting))
        {
            waiting.TrySetResult();
        }
    }
}
