using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>What one session's streams have sent lately, so that a client that lost a connection reads on with <c>Last-Event-ID</c>. Bounded; in this process only.</summary>
internal sealed class EventStreams(EventBudget budget) : ISseEventStreamStore, IDisposable
{
    /// <summary>More than calls can be in flight: mostly there is a completed one to forget.</summary>
    private const int MostStreams = McpSession.MostCalls + 16;

    private readonly Lock _gate = new();
    private readonly List<EventStream> _streams = [];

    public ValueTask<ISseEventStreamWriter> CreateStreamAsync(SseEventStreamOptions options, CancellationToken cancellationToken = default)
    {
        var stream = new EventStream(options, budget);
        lock (_gate)
        {
            _streams.Add(stream);
            if (_streams.Count > MostStreams)
            {
                // Answers that nobody reads can hold up all of them.
                ForgetAt(_streams.FindIndex(s => s.IsCompleted) is >= 0 and var completed ? completed : _streams.FindIndex(s => s.IsOfRequest));
            }
        }

        return ValueTask.FromResult<ISseEventStreamWriter>(stream);
    }

    /// <summary>A request that nobody will answer.</summary>
    public void Forget(RequestId request)
    {
        lock (_gate)
        {
            ForgetAt(_streams.FindLastIndex(s => s.IsOfRequest && !s.IsCompleted && s.Id == request.ToString()));
        }
    }

    private void ForgetAt(int index)
    {
        if (index >= 0)
        {
            _streams[index].Forget();
            _streams.RemoveAt(index);
        }
    }

    public ValueTask<ISseEventStreamReader?> GetStreamReaderAsync(string lastEventId, CancellationToken cancellationToken = default)
    {
        if (!EventStream.TryParse(lastEventId, out var name, out var number))
        {
            return ValueTask.FromResult<ISseEventStreamReader?>(null);
        }

        lock (_gate)
        {
            return ValueTask.FromResult(_streams.Find(s => s.Name == name)?.ReadAfter(number));
        }
    }

    /// <summary>The session ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _streams.ForEach(s => s.Forget());
            _streams.Clear();
        }
    }
}

/// <summary>Bytes that the events of all sessions may take.</summary>
internal sealed class EventBudget
{
    private const long Most = 64 * 1024 * 1024;
    private long _taken;

    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= Most)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    public void Return(int bytes) => Interlocked.Add(ref _taken, -bytes);
}
