namespace Actors.Grains.Runs;

/// <summary>The database's time, as last told plus what passed since by a monotonic clock: ahead of it by less than a message's way at most, however wrong this machine's own clock is.</summary>
internal sealed class DatabaseClock(TimeProvider local) : TimeProvider
{
    private Reading _reading = new(local.GetUtcNow(), local.GetTimestamp());

    public override long TimestampFrequency => local.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => local.LocalTimeZone;

    /// <summary>The database said this, asked at <paramref name="askedAt"/> by <see cref="GetTimestamp"/>.</summary>
    public void Set(DateTimeOffset now, long askedAt)
    {
        var known = GetUtcNow();

        // What is known may be nearer to the truth, as the answer was on its way; by more than that it is wrong: the database's clock was set.
        Volatile.Write(ref _reading, new Reading(known >= now && known <= now + local.GetElapsedTime(askedAt) ? known : now, local.GetTimestamp()));
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
