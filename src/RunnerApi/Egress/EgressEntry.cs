using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Egress;

/// <summary>One connection as it is written down while it lasts; the first verdict is final.</summary>
internal sealed class EgressEntry(string host, int port, TimeProvider time)
{
    private const int MaxHostChars = 256;

    private readonly string _host = host.Length <= MaxHostChars ? host : host[..MaxHostChars];
    private readonly DateTimeOffset _at = time.GetUtcNow();
    private readonly long _start = time.GetTimestamp();
    private string? _verdict;
    private string? _address;
    private long _end;
    private long _up;
    private long _down;

    /// <summary>How it ended; null while it is open.</summary>
    public string? Verdict => Volatile.Read(ref _verdict);

    /// <summary>Bytes so far.</summary>
    public (long Up, long Down) Bytes => (Interlocked.Read(ref _up), Interlocked.Read(ref _down));

    /// <summary>It is connected to this address.</summary>
    public void Connected(string address) => Volatile.Write(ref _address, address);

    /// <summary>Counts bytes that are passed on, before they are.</summary>
    public void Count(int bytes, bool up) => Interlocked.Add(ref up ? ref _up : ref _down, bytes);

    /// <summary>Ends it; false when it had ended already.</summary>
    public bool TryEnd(string verdict)
    {
        Interlocked.CompareExchange(ref _end, time.GetTimestamp(), 0);
        return Interlocked.CompareExchange(ref _verdict, verdict, null) is null;
    }

    /// <summary>As it is told.</summary>
    public EgressConnection View() => new()
    {
        Host = _host,
        Port = port,
        Address = Volatile.Read(ref _address),
        BytesUp = Interlocked.Read(ref _up),
        BytesDown = Interlocked.Read(ref _down),
        At = _at,
        DurationMs = Math.Round((Interlocked.Read(ref _end) is not 0 and var end ? time.GetElapsedTime(_start, end) : time.GetElapsedTime(_start)).TotalMilliseconds, 3),
        Verdict = Verdict ?? EgressVerdicts.Open,
    };
}
