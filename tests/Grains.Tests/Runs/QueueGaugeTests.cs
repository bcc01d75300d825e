using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;

namespace Actors.Grains.Tests.Runs;

public sealed class QueueGaugeTests
{
    private readonly QueueGauge _gauge = new(new RunOptions { MaxQueued = 3, MaxQueueAge = TimeSpan.FromMinutes(1) }, new RunMetrics());

    [Fact]
    public void Admit_OwnSubmitsSinceTheMeasurement_Count()
    {
        _gauge.Set(Depth(0));
        _gauge.OnQueued();
        _gauge.Admit(0);
        _gauge.OnQueued();

        Assert.Equal("queue_full", Assert.Throws<RunRejectedException>(() => _gauge.Admit(0)).Error.Code);
        _gauge.OnClaimed(10, 1);
        _gauge.Admit(0);
    }

    [Fact]
    public void Admit_OldestWaitsTooLong_SaysWhenToTryAgain()
    {
        _gauge.Set(Depth(2));
        var e = Assert.Throws<RunRejectedException>(() => _gauge.Admit(0));

        Assert.Equal(("overloaded", 30), (e.Error.Code, e.Error.RetryAfterSeconds));
        Assert.Throws<RunRejectedException>(() => _gauge.Admit(-1));
    }

    [Fact]
    public void Admit_LowerPriorityWaitsTooLong_IsNoReasonAgainstAHigherOne()
    {
        _gauge.Set(Depth(2));
        _gauge.Admit(1);
    }

    private static QueueDepth Depth(int minutes) => new(1, new Dictionary<int, TimeSpan> { [0] = TimeSpan.FromMinutes(minutes) });

    [Fact]
    public void MustQueue_UntilAClaimFoundFewerThanItWanted()
    {
        Assert.True(_gauge.MustQueue);
        _gauge.OnClaimed(4, 4);
        Assert.True(_gauge.MustQueue);
        _gauge.OnClaimed(4, 3);
        Assert.False(_gauge.MustQueue);
        _gauge.OnQueued();
        Assert.True(_gauge.MustQueue);
    }
}
