using Actors.Grains.Runs;
using Actors.Testing;

namespace Actors.Grains.Tests.Runs;

public sealed class DatabaseClockTests
{
    private readonly FakeTimeProvider _local = new();
    private readonly DatabaseClock _clock;

    public DatabaseClockTests() => _clock = new DatabaseClock(_local);

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void GetUtcNow_AfterSet_IsTheDatabasesTimeAndWhatPassedSince(int seconds)
    {
        var database = _local.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        Set(database);
        _local.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(database + TimeSpan.FromSeconds(2), _clock.GetUtcNow());
    }

    [Fact]
    public void Set_AnswerThatWasOnItsWayForLonger_DoesNotTurnTheClockBack()
    {
        var database = _local.GetUtcNow() + TimeSpan.FromHours(1);
        Set(database);
        Set(database, onItsWay: TimeSpan.FromMilliseconds(300));

        Assert.Equal(database + TimeSpan.FromMilliseconds(300), _clock.GetUtcNow());
    }

    [Fact]
    public void Set_DatabaseStepsBackByLessThanASecond_IsFollowed()
    {
        var database = _local.GetUtcNow() + TimeSpan.FromHours(1);
        Set(database);
        Set(database - TimeSpan.FromSeconds(0.9), onItsWay: TimeSpan.FromMilliseconds(10));

        Assert.Equal(database - TimeSpan.FromSeconds(0.9), _clock.GetUtcNow());
    }

    private void Set(DateTimeOffset now, TimeSpan onItsWay = default)
    {
        var asked = _clock.GetTimestamp();
        _local.Advance(onItsWay);
        _clock.Set(now, asked);
    }
}
