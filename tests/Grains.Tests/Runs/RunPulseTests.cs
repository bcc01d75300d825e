using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Tests.Runs;

public sealed class RunPulseTests
{
    private readonly RunPulse _pulse = new();
    private readonly RunId _run = RunId.New(TestEvents.Start);

    [Fact]
    public void Signal_EveryWaiterOfTheRun_IsWokenEachTime()
    {
        using var one = _pulse.Listen(_run);
        using var two = _pulse.Listen(_run);
        using var stranger = _pulse.Listen(RunId.New(TestEvents.Start));
        for (var round = 0; round < 2; round++)
        {
            Task[] woken = [one.NextAsync(), two.NextAsync()];
            var other = stranger.NextAsync();
            Assert.DoesNotContain(woken, t => t.IsCompleted);
            _pulse.Signal(_run);

            Assert.All(woken, t => Assert.True(t.IsCompletedSuccessfully));
            Assert.False(other.IsCompleted);
        }
    }

    [Fact]
    public void Dispose_LastWaiter_LeavesNothingBehindThoughNobodySignals()
    {
        var one = _pulse.Listen(_run);
        var two = _pulse.Listen(_run);
        one.Dispose();
        Assert.Equal(1, _pulse.Count);
        two.Dispose();

        Assert.Equal(0, _pulse.Count);
        _pulse.Signal(_run);
        Assert.Equal(0, _pulse.Count);
    }
}
