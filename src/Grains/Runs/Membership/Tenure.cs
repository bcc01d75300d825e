using Actors.Grains.Store;

namespace Actors.Grains.Runs.Membership;

/// <summary>One membership, from joining until the lease is not certain any more. What the silo owns, it owns by this.</summary>
internal sealed class Tenure : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _safe;
    private readonly ITimer _fence;
    private long _renewedAt;

    /// <param name="silo">Its name in the database.</param>
    /// <param name="timeline">The database's, when it joined.</param>
    /// <param name="renewedAt">Timestamp from before the request was sent.</param>
    /// <param name="safe">How long after a renewal no other silo can have taken over.</param>
    /// <param name="time">Monotonic.</param>
    public Tenure(SiloId silo, long timeline, long renewedAt, TimeSpan safe, TimeProvider time)
    {
        Silo = silo;
        Timeline = timeline;
        _time = time;
        _safe = safe;
        _renewedAt = renewedAt;
        _fence = time.CreateTimer(_ => Watch(), null, safe, Timeout.InfiniteTimeSpan);
    }

    public SiloId Silo { get; }

    public long Timeline { get; }

    /// <summary>Epochs of this timeline are higher than any of an earlier one, even of claims that a failover lost.</summary>
    public long EpochFloor => Timeline << 40;

    /// <summary>Cancelled when it is over: drop everything, write nothing.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>True while no other silo can have taken over. A process that was paused learns it here first.</summary>
    public bool Holds => !_over.IsCancellationRequested && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < _safe;

    /// <summary>The lease was renewed by a request sent at that timestamp. False when it came too late.</summary>
    public bool TryRenew(long sentAt)
    {
        if (!Holds)
        {
            End();
            return false;
        }

        Volatile.Write(ref _renewedAt, sentAt);
        return true;
    }

    /// <exception cref="OperationCanceledException">It is over.</exception>
    public void ThrowIfOver()
    {
        if (!Holds)
        {
            End();
            throw new OperationCanceledException(Over);
        }
    }

    public void End()
    {
        _fence.Dispose();
        _over.Cancel();
    }

    public void Dispose()
    {
        _fence.Dispose();
        _over.Dispose();
    }

    private void Watch()
    {
        var left = _safe - _time.GetElapsedTime(Volatile.Read(ref _renewedAt));
        if (left <= TimeSpan.Zero)
        {
            End();
            return;
        }

        try
        {
            _fence.Change(left, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }
}
