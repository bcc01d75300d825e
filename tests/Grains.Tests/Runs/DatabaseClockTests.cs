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
        _clock.Set(database);
        _local.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(database + TimeSpan.FromSeconds(2), _clock.GetUtcNow());
    }

    [Fact]
    public void Set_AnswerThatWasOnItsWayForLonger_DoesNotTurnTheClockBack()
    {
        var database = _local.GetUtcNow() + TimeSpan.FromHours(1);
        _clock.Set(database);
        _clock.Set(database - TimeSpan.FromMilliseconds(300));

        Assert.Equal(database, _clock.GetUtcNow());
    }
}
