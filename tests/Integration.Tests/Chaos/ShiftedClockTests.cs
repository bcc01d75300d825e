using Actors.Chaos.Faults;

namespace Actors.Integration.Tests.Chaos;

/// <summary>Of the wall clock that chaos gives to silos.</summary>
public sealed class ShiftedClockTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void GetUtcNow_FileHoldsSeconds_IsOffByThem(int seconds)
    {
        File.WriteAllText(_file, $"{seconds}");
        using var clock = new ShiftedClock(_file);

        Assert.InRange((clock.GetUtcNow() - TimeProvider.System.GetUtcNow()).TotalSeconds, seconds - 60, seconds + 60);
        Assert.InRange(TimeProvider.System.GetElapsedTime(clock.GetTimestamp()).TotalSeconds, 0, 60);
    }

    [Fact]
    public void GetUtcNow_NoFile_IsTheSystemsTime()
    {
        File.Delete(_file);
        using var clock = new ShiftedClock(_file);

        Assert.InRange((clock.GetUtcNow() - TimeProvider.System.GetUtcNow()).TotalSeconds, -60, 60);
    }
}
