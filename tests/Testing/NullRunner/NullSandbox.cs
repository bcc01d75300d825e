using System.Collections.Concurrent;

namespace Actors.Testing.NullRunner;

/// <summary>One sandbox of the null runner.</summary>
internal sealed class NullSandbox(string id, long fence, long touched)
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private long _fence = fence;
    private long _touched = touched;

    public string Id { get; } = id;

    public ConcurrentDictionary<string, NullCall> Calls { get; } = new(StringComparer.Ordinal);

    /// <summary>Why it ended; null while it lives.</summary>
    public string? Reason { get; private set; }

    public bool IsAlive => Reason is null;

    public CancellationToken Ended => _ended.Token;

    /// <summary>Milliseconds since 1970; far away while it lives.</summary>
    public long EndedAt { get; private set; } = long.MaxValue;

    public long Touched => Interlocked.Read(ref _touched);

    public void Touch(long now) => Interlocked.Exchange(ref _touched, now);

    /// <summary>False when a newer owner was seen.</summary>
    public bool TryFence(long given)
    {
        lock (_lock)
        {
            _fence = Math.Max(_fence, given);
            return given == _fence;
        }
    }

    /// <summary>Ends it; false when it had ended.</summary>
    public bool End(string reason, long at)
    {
        lock (_lock)
        {
            if (Reason is not null)
            {
                return false;
            }

            Reason = reason;
            EndedAt = at;
        }

        _ended.Cancel();
        return true;
    }
}

/// <summary>One executed call.</summary>
internal sealed class NullCall(string id, string key, long startedAt, long readyAt, Func<Task> record)
{
    private readonly Lock _lock = new();
    private Task? _recorded;

    public string Id { get; } = id;

    public string Key { get; } = key;

    /// <summary>When it was sent, milliseconds since 1970.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>When its answer is there, milliseconds since 1970.</summary>
    public long ReadyAt { get; } = readyAt;

    /// <summary>Writes it into the ledger, once, whoever asks first.</summary>
    public Task RecordAsync()
    {
        lock (_lock)
        {
            return _recorded ??= record();
        }
    }
}
