namespace Actors.Grains.Runs;

/// <summary>Fires the reminders of active runs: one timer for all of them, at the earliest.</summary>
internal sealed class Reminders : IDisposable
{
    // Reminders that lie nearer to each other than this share a look.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private readonly ActiveRuns _active;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private DateTimeOffset _next = DateTimeOffset.MaxValue;

    public Reminders(ActiveRuns active, TimeProvider time)
    {
        _active = active;
        _time = time;
        _timer = time.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A run is to be reminded at that time of the database.</summary>
    public void Note(DateTimeOffset at)
    {
        lock (_gate)
        {
            if (at < _next)
            {
                Arm(at);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            _next = DateTimeOffset.MaxValue;
        }

        var next = DateTimeOffset.MaxValue;
        foreach (var run in _active.All())
        {
            var due = run.DueAt;
            if (due <= now)
            {
                run.Post(new ReminderFired(now));

                // Until its commit moves the reminder, or because the commit fails.
                due = now + TimeSpan.FromSeconds(1);
            }

            next = due < next ? due : next;
        }

        Note(next);
    }

    private void Arm(DateTimeOffset at)
    {
        var left = at - _time.GetUtcNow();
        left = left < Grain ? Grain : left > Longest ? Longest : left;
        _next = at;
        try
        {
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The silo stops.
        }
    }
}
