using System.Collections.Immutable;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>How full the queue is, as measured last and changed by this silo since; refuses submits that it cannot bear.</summary>
internal sealed class QueueGauge(RunOptions options, RunMetrics metrics)
{
    private const int LongestRetrySeconds = 60;
    private QueueDepth _measured = new(0, ImmutableDictionary<int, TimeSpan>.Empty);
    private int _since;
    private volatile bool _mustQueue = true;

    /// <summary>True until a claim found fewer queued runs than it had slots for: a new run must queue behind those that may wait.</summary>
    public bool MustQueue => _mustQueue;

    /// <summary>How far a measurement has to count.</summary>
    public int Most => options.MaxQueued + 1;

    public void Set(QueueDepth measured)
    {
        _measured = measured;
        Volatile.Write(ref _since, 0);
        metrics.SetQueue(measured.Waiting, measured.OldestAge());
    }

    public void OnQueued()
    {
        Interlocked.Increment(ref _since);
        _mustQueue = true;
    }

    /// <summary>A claim that could have taken <paramref name="wanted"/> queued runs got <paramref name="got"/>.</summary>
    public void OnClaimed(int wanted, int got)
    {
        Interlocked.Add(ref _since, -got);
        _mustQueue = got >= wanted;
    }

    /// <summary>Refuses one more run in the queue.</summary>
    /// <param name="priority">Lower ones leave the queue behind it, so that it does not matter how long they wait.</param>
    /// <exception cref="RunRejectedException">It is full, or who goes before waits too long for a slot.</exception>
    public void Admit(int priority)
    {
        var measured = _measured;
        var age = measured.OldestAge(priority);
        if (measured.Waiting + Volatile.Read(ref _since) >= options.MaxQueued)
        {
            metrics.Refused.Add(1);
            throw Refusal("queue_full", $"{options.MaxQueued} runs wait already.", age);
        }

        if (age > options.MaxQueueAge)
        {
            metrics.Refused.Add(1);
            throw Refusal("overloaded", $"The oldest queued run waits for {age.TotalSeconds:0} s already, {options.MaxQueueAge.TotalSeconds:0} s are the limit.", age);
        }
    }

    private static RunRejectedException Refusal(string code, string why, TimeSpan age)
    {
        var seconds = Math.Clamp((int)age.TotalSeconds / 4, 1, LongestRetrySeconds);
        return new RunRejectedException(new RunError(code, $"{why} Try again in {seconds} s with the same idempotency key, or add silos.") { RetryAfterSeconds = seconds });
    }
}
