using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>Wakes those who wait for a change of a run. A hint only: a waiter reads the store, and looks again by itself after a while.</summary>
internal sealed class RunPulse
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, Beat> _beats = [];

    /// <summary>Runs that somebody waits for.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _beats.Count;
            }
        }
    }

    /// <summary>Hears of the run's changes until it is disposed.</summary>
    public Waiter Listen(RunId id)
    {
        lock (_gate)
        {
            if (!_beats.TryGetValue(id, out var beat))
            {
                _beats[id] = beat = new Beat();
            }

            beat.Waiters++;
            return new Waiter(this, id, beat);
        }
    }

    /// <summary>The run has changed.</summary>
    public void Signal(RunId id)
    {
        TaskCompletionSource? passed = null;
        lock (_gate)
        {
            if (_beats.TryGetValue(id, out var beat))
            {
                (passed, beat.Next) = (beat.Next, new TaskCompletionSource());
            }
        }

        passed?.TrySetResult();
    }

    private void Leave(RunId id, Beat beat)
    {
        lock (_gate)
        {
            if (--beat.Waiters == 0)
            {
                _beats.Remove(id);
            }
        }
    }

    /// <summary>One who waits.</summary>
    public sealed class Waiter : IDisposable
    {
        private readonly RunPulse _pulse;
        private readonly RunId _id;
        private readonly Beat _beat;

        internal Waiter(RunPulse pulse, RunId id, Beat beat)
        {
            _pulse = pulse;
            _id = id;
            _beat = beat;
        }

        /// <summary>Ends at the next signal, on the thread of whoever signals: yield before doing anything. Take it before reading the store.</summary>
        public Task NextAsync()
        {
            lock (_pulse._gate)
            {
                return _beat.Next.Task;
            }
        }

        public void Dispose() => _pulse.Leave(_id, _beat);
    }

    internal sealed class Beat
    {
        public TaskCompletionSource Next { get; set; } = new();

        public int Waiters { get; set; }
    }
}
