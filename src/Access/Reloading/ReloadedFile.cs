namespace Actors.Access;

/// <summary>Holds what was loaded from files, and loads it anew when one of them changes. What has faults never takes the place of what is there: the old stays, with an alarm.</summary>
internal sealed partial class ReloadedFile<T> : IDisposable
    where T : class
{
    private readonly Func<Loaded<T>> _load;
    private readonly string _what;
    private readonly TimeProvider _time;
    private readonly TimeSpan _every;
    private readonly AccessMetrics _metrics;
    private readonly ILogger _log;
    private readonly ITimer _timer;
    private readonly Lock _loading = new();
    private volatile Loaded<T> _last;
    private volatile T _current;
    private volatile bool _disposed;

    /// <summary>Takes what was loaded at the start, and watches its files.</summary>
    /// <param name="what">Such as <c>access rules</c>, for logs and metrics.</param>
    /// <param name="first">Without faults.</param>
    /// <param name="load">Loads it again.</param>
    /// <param name="every">Between two looks.</param>
    /// <param name="time">The clock of the looks.</param>
    /// <param name="metrics">Counts reloads, and holds the alarm.</param>
    /// <param name="log">Tells of changes.</param>
    public ReloadedFile(string what, Loaded<T> first, Func<Loaded<T>> load, TimeSpan every, TimeProvider time, AccessMetrics metrics, ILogger log)
    {
        (_what, _load, _every, _time, _metrics, _log) = (what, load, every, time, metrics, log);
        _last = first;
        _current = first.Value ?? throw new ArgumentException("has faults", nameof(first));
        _timer = _time.CreateTimer(_ => OnTimer(), state: null, _every, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What holds now.</summary>
    public T Current => _current;

    /// <summary>Loads again when a file has changed since the last attempt.</summary>
    public void Refresh()
    {
        lock (_loading)
        {
            if (!_last.Files.Any(f => f.HasChanged()))
            {
                return;
            }

            var loaded = _load();
            _last = loaded;
            _metrics.Reloaded(_what, loaded.Value is not null);
            if (loaded.Value is null)
            {
                LogKept(_log, _what, loaded.Faults.Count, string.Join(" ", loaded.Faults.Take(5)));
                return;
            }

            _current = loaded.Value;
            LogLoaded(_log, _what);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _timer.Dispose();
    }

    private void OnTimer()
    {
        try
        {
            Refresh();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Thrown here it would end the process; the next look may succeed.
            LogWatchFailed(_log, e, _what);
        }

        if (!_disposed)
        {
            _timer.Change(_every, Timeout.InfiniteTimeSpan);
        }
    }
}
