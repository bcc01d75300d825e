using System.Diagnostics.CodeAnalysis;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Time and chance of one simulation: a single thread picks the next thing to happen at random among all that could.</summary>
internal sealed class SimWorld(int seed)
{
    private const long MostSteps = 2_000_000;
    private readonly List<(SimProcess Process, Task Task)> _ready = [];
    private readonly PriorityQueue<Action, (long At, long Order)> _later = new();
    private long _order;
    private int _thread;
    private string? _escaped;

    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [SuppressMessage("Security", "CA5394", Justification = "A seeded schedule is the purpose.")]
    public Random Random { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = Start;

    public long Steps { get; private set; }

    /// <summary>Something happens after a while, whoever lives or dies meanwhile.</summary>
    public void After(TimeSpan pause, Action act)
    {
        if (IsMine())
        {
            _later.Enqueue(act, ((Now + pause).UtcTicks, _order++));
        }
    }

    public void Ready(SimProcess process, Task task)
    {
        if (IsMine())
        {
            _ready.Add((process, task));
        }
    }

    /// <summary>A random time up to <paramref name="most"/>.</summary>
    public TimeSpan Upto(TimeSpan most) => TimeSpan.FromTicks((long)(most.Ticks * Random.NextDouble()));

    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>Lets things happen until that time, or until <paramref name="enough"/> holds.</summary>
    public void RunUntil(DateTimeOffset end, Func<bool>? enough = null)
    {
        _thread = Environment.CurrentManagedThreadId;
        while (true)
        {
            Assert.True(_escaped is null, $"Something ran outside the simulation's scheduler, so the schedule can't be replayed:{_escaped}");
            if (TakeReady() is { } next)
            {
                if (++Steps > MostSteps)
                {
                    throw new InvalidOperationException($"The schedule does not end: {Steps} steps at {Now:T}");
                }

                next.Process.Execute(next.Task);
            }
            else if (enough?.Invoke() == true || !_later.TryPeek(out _, out var first) || first.At > end.UtcTicks)
            {
                Now = end > Now && enough is null ? end : Now;
                return;
            }
            else
            {
                Now = new DateTimeOffset(Math.Max(first.At, Now.UtcTicks), TimeSpan.Zero);
                _later.Dequeue()();
            }
        }
    }

    private bool IsMine()
    {
        if (_thread == 0 || _thread == Environment.CurrentManagedThreadId)
        {
            return true;
        }

        _escaped ??= Environment.NewLine + Environment.StackTrace;
        return false;
    }

    private (SimProcess Process, Task Task)? TakeReady()
    {
        _ready.RemoveAll(r => r.Process.IsCrashed);
        var able = _ready.Count;
        for (var tries = 0; able > 0 && tries < able * 2; tries++)
        {
            var index = Random.Next(able);
            if (!_ready[index].Process.IsPaused)
            {
                return Take(index);
            }
        }

        var found = _ready.FindIndex(r => !r.Process.IsPaused);
        return found < 0 ? null : Take(found);
    }

    private (SimProcess Process, Task Task) Take(int index)
    {
        var taken = _ready[index];
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        return taken;
    }
}

/// <summary>One process: all its tasks run on this scheduler, so they can be held back or dropped together.</summary>
internal sealed class SimProcess : TaskScheduler
{
    private readonly SimWorld _world;

    public SimProcess(SimWorld world)
    {
        _world = world;
        Time = new SimTime(world, this);
    }

    public SimTime Time { get; }

    public bool IsCrashed { get; private set; }

    public bool IsPaused { get; set; }

    /// <summary>Nothing of it runs any more.</summary>
    public void Crash() => IsCrashed = true;

    /// <summary>Runs something in this process.</summary>
    public Task<T> Do<T>(Func<Task<T>> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    public void Do(Action work) => new Task(work).Start(this);

    public void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task)
    {
        if (!IsCrashed)
        {
            _world.Ready(this, task);
        }
    }

    // Else a chain of continuations would be one step, and nothing could come between.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}

/// <summary>A process' clocks: the monotonic one is true, the other one is off by <see cref="Wrong"/>.</summary>
internal sealed class SimTime(SimWorld world, SimProcess? process) : TimeProvider
{
    public TimeSpan Wrong { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => world.Now + Wrong;

    public override long GetTimestamp() => world.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(world, process!, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimWorld world, SimProcess process, Action fire) : ITimer
    {
        private int _set;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var set = ++_set;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                world.After(dueTime, () =>
                {
                    if (_set == set)
                    {
                        process.Do(() => FireIfSet(set));
                    }
                });
            }

            return true;
        }

        public void Dispose() => _set++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void FireIfSet(int set)
        {
            if (_set == set)
            {
                fire();
            }
        }
    }
}
