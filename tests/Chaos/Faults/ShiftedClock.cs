using System.Globalization;

namespace Actors.Chaos.Faults;

/// <summary>A wall clock that is off by the seconds that a file holds; 0 without the file. Timestamps and timers are the system's: a jump of the wall clock does not touch them.</summary>
internal sealed class ShiftedClock : TimeProvider, IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private readonly string _file;
    private readonly ITimer _timer;
    private long _ticks;

    public ShiftedClock(string file)
    {
        _file = file;
        Read();
        _timer = System.CreateTimer(_ => Read(), null, Look, Look);
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));

    public void Dispose() => _timer.Dispose();

    private void Read()
    {
        try
        {
            Interlocked.Exchange(ref _ticks, TimeSpan.FromSeconds(int.Parse(File.ReadAllText(_file), CultureInfo.InvariantCulture)).Ticks);
        }
        catch (Exception e) when (e is FileNotFoundException)
        {
            Interlocked.Exchange(ref _ticks, 0);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            // It is being written: the next look reads it.
        }
    }
}
