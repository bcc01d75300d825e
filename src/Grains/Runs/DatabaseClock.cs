namespace Actors.Grains.Runs;

/// <summary>The database's time, as last told plus what passed since by a monotonic clock: never ahead of it, however wrong this machine's own clock is.</summary>
internal sealed class DatabaseClock(TimeProvider local) : TimeProvider
{
    // Less than this is a message's way, more is a database whose clock was set.
    private static readonly TimeSpan Jitter = TimeSpan.FromSeconds(1);
    private Reading _reading = new(local.GetUtcNow(), local.GetTimestamp());

    public override long TimestampFrequency => local.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => local.LocalTimeZone;

    /// <summary>The database said this a moment ago.</summary>
    public void Set(DateTimeOffset now)
    {
        var known = GetUtcNow();

        // Both are late by a message's way, so the later one is nearer to the truth.
        Volatile.Write(ref _reading, new Reading(now < known && known - now < Jitter ? known : now, local.GetTimestamp()));
    }

    public override DateTimeOffset GetUtcNow()
    {
        var reading = Volatile.Read(ref _reading);
        return reading.Now + local.GetElapsedTime(reading.At);
    }

    public override long GetTimestamp() => local.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => local.CreateTimer(callback, state, dueTime, period);

    private sealed record Reading(DateTimeOffset Now, long At);
}
