using Actors.Grains.Store;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs.Membership;

/// <summary>Joins, beats, and joins anew when the lease was lost or the database failed over. A silo judges itself by a monotonic clock, others by the database's.</summary>
internal sealed partial class SiloMembership(IRunStore store, DatabaseClock clock, IHeart heart, SiloIdentity identity, TimeSpan lease, ILogger log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeSpan _pause = lease / 5;
    private readonly TaskCompletionSource _joinedOnce = new();
    private TaskCompletionSource<Tenure> _joined = new();
    private Tenure? _tenure;
    private SiloId? _left;
    private Task _beating = Task.CompletedTask;

    /// <summary>The membership, while it holds.</summary>
    public Tenure? Current => Volatile.Read(ref _tenure) is { Holds: true } tenure ? tenure : null;

    /// <summary>True since the first joining: the database's time is known.</summary>
    public bool HasJoined => _joinedOnce.Task.IsCompleted;

    /// <summary>Ends at the first joining.</summary>
    /// <exception cref="TimeoutException">There was none by then.</exception>
    public async Task JoinedOnceAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        await _joinedOnce.Task.WaitAsync(most, clock, cancellationToken);
        await Task.Yield();
    }

    public void Start() => _beating = heart.BeatAsync(BeatAsync, _stopping.Token);

    /// <summary>The membership, once there is one.</summary>
    public async Task<Tenure> CurrentAsync(CancellationToken cancellationToken)
    {
        var tenure = await Joined().WaitAsync(cancellationToken);

        // The heart does nothing but beat.
        await Task.Yield();
        return tenure;
    }

    /// <summary>Stops beating and gives up the membership, so that others go on with its runs at once.</summary>
    public async Task LeaveAsync(TimeSpan patience)
    {
        _stopping.Cancel();
        await _beating;
        if (Volatile.Read(ref _tenure) is not { } tenure)
        {
            return;
        }

        tenure.End();
        try
        {
            using var enough = new CancellationTokenSource(patience, clock);
            await store.LeaveAsync(tenure.Silo, drained: true, enough.Token);
        }
        catch (Exception e)
        {
            LogLeaveFailed(log, e);
        }
    }

    public void Dispose()
    {
        _tenure?.Dispose();
        _stopping.Dispose();
    }

    private Task<Tenure> Joined()
    {
        lock (_gate)
        {
            if (_tenure is { Over.IsCancellationRequested: false } tenure)
            {
                return Task.FromResult(tenure);
            }

            // Of an earlier membership.
            _joined = _joined.Task.IsCompleted ? new() : _joined;
            return _joined.Task;
        }
    }

    private async Task<TimeSpan> BeatAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(lease / 3, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await BeatOnceAsync(either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogBeatFailed(log, e);
            return _pause / 4;
        }
    }

    private async Task<TimeSpan> BeatOnceAsync(CancellationToken cancellationToken)
    {
        var sentAt = clock.GetTimestamp();
        if (_tenure is not { } tenure || !tenure.Holds)
        {
            await JoinAsync(cancellationToken);
            return _pause;
        }

        var beat = await store.BeatAsync(tenure.Silo, cancellationToken);
        if (beat is null || beat.Timeline != tenure.Timeline)
        {
            LogLost(log, tenure.Silo, beat is null ? "it was evicted" : "the database failed over");
            tenure.End();
            return TimeSpan.Zero;
        }

        clock.Set(beat.Now, sentAt);
        return tenure.TryRenew(sentAt) ? _pause : TimeSpan.Zero;
    }

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        if (_tenure is { } before)
        {
            before.End();
            _left = before.Silo;
            lock (_gate)
            {
                _tenure = null;
            }
        }

        if (_left is { } left)
        {
            // Its runs need not wait until the lease is over. They keep their strikes: one of them may have frozen this silo.
            await store.LeaveAsync(left, drained: false, cancellationToken);
            _left = null;
        }

        var id = identity.NewId();
        var sentAt = clock.GetTimestamp();
        var now = clock.GetUtcNow();
        var beat = await store.JoinAsync(new SiloRecord(id, identity.Name, identity.Version, RunState.CurrentFormat, now, now), cancellationToken);
        clock.Set(beat.Now, sentAt);
        LogJoined(log, identity.Name, id, beat.Timeline);
        var tenure = new Tenure(id, beat.Timeline, sentAt, lease * 2 / 3, clock);
        TaskCompletionSource<Tenure> joined;
        lock (_gate)
        {
            _tenure = tenure;
            joined = _joined;
        }

        joined.TrySetResult(tenure);
        _joinedOnce.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Name} joined as {Silo} on timeline {Timeline}")]
    private static partial void LogJoined(ILogger logger, string name, SiloId silo, long timeline);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Membership {Silo} is over: {Reason}. All its runs are dropped here; joining anew")]
    private static partial void LogLost(ILogger logger, SiloId silo, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A heartbeat failed; trying again")]
    private static partial void LogBeatFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leaving failed: other silos take the runs over when the lease is over")]
    private static partial void LogLeaveFailed(ILogger logger, Exception exception);
}
