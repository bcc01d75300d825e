using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>The newest events of one stream. Ids are <c>STREAM-NUMBER</c>, and a stream's name begins with its kind.</summary>
internal sealed class EventStream(SseEventStreamOptions options, EventBudget budget) : ISseEventStreamWriter
{
    private const int MostEvents = 64;

    // What the SDK calls the stream of a session's GET.
    private const string OfSession = "__get__";
    private const char SessionKind = 'g';
    private const char RequestKind = 'p';

    /// <summary>What an event takes beside its text.</summary>
    private const int Overhead = 256;

    private readonly Lock _gate = new();
    private readonly Queue<Event> _events = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SseEventStreamMode _mode = options.Mode;
    private long _last;
    private bool _isForgotten;

    public string Name { get; } = (options.StreamId == OfSession ? SessionKind : RequestKind) + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The request whose answer it carries, or the session's own stream.</summary>
    public string Id => options.StreamId;

    public bool IsOfRequest => Name[0] == RequestKind;

    public bool IsCompleted { get; private set; }

    /// <summary>Whether an event was one of a session's own stream, here or at another silo: what it lacks is lost, but a new one can take its place.</summary>
    public static bool IsOfSession(string eventId) => TryParse(eventId, out var name, out _) && name.StartsWith(SessionKind);

    /// <summary>Reads an id.</summary>
    public static bool TryParse(string eventId, out string name, out long number)
    {
        var parts = eventId.Split('-', 3);
        name = parts[0];
        number = 0;
        return parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    public ValueTask SetModeAsync(SseEventStreamMode mode, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _mode = mode;
            Signal();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<SseItem<JsonRpcMessage?>> WriteEventAsync(SseItem<JsonRpcMessage?> sseItem, CancellationToken cancellationToken = default)
    {
        if (sseItem.EventId is not null)
        {
            return ValueTask.FromResult(sseItem);
        }

        var bytes = Overhead + JsonSize.Of(sseItem.Data);
        lock (_gate)
        {
            var number = ++_last;
            var item = new SseItem<JsonRpcMessage?>(sseItem.Data, sseItem.EventType) { EventId = $"{Name}-{number}", ReconnectionInterval = sseItem.ReconnectionInterval };
            Keep(new Event(number, item, bytes));
            Signal();
            return ValueTask.FromResult(item);
        }
    }

    /// <summary>A reader of what comes after an event; null when some of it is forgotten.</summary>
    public ISseEventStreamReader? ReadAfter(long number)
    {
        lock (_gate)
        {
            return number == _last || (_events.TryPeek(out var first) && number >= first.Number - 1 && number < _last) ? new Reader(this, options, number) : null;
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            IsCompleted = true;
            Signal();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Gives back what the events take, and keeps none any more; readers end.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _isForgotten = true;
            IsCompleted = true;
            Clear();
            Signal();
        }
    }

    // Without room, what came before is of no use either: a reader must not miss one in between.
    private void Keep(Event added)
    {
        if (_events.Count == MostEvents)
        {
            budget.Return(_events.Dequeue().Bytes);
        }

        if (!_isForgotten && budget.TryTake(added.Bytes))
        {
            _events.Enqueue(added);
        }
        else
        {
            Clear();
        }
    }

    private void Clear()
    {
        budget.Return(_events.Sum(e => e.Bytes));
        _events.Clear();
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What comes after an event; null once some of it is forgotten.</summary>
    private (List<Event>? Events, bool Ended, Task Changed) Snapshot(long after)
    {
        lock (_gate)
        {
            List<Event> events = [.. _events.Where(e => e.Number > after)];
            var whole = after + events.Count == _last;
            return (whole ? events : null, IsCompleted, _changed.Task);
        }
    }

    private sealed record Event(long Number, SseItem<JsonRpcMessage?> Item, int Bytes);

    private sealed class Reader(EventStream stream, SseEventStreamOptions options, long after) : ISseEventStreamReader
    {
        public string SessionId => options.SessionId;

        public string StreamId => options.StreamId;

        public async IAsyncEnumerable<SseItem<JsonRpcMessage?>> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            var last = after;
            while (stream.Snapshot(last) is ({ } events, var ended, var changed))
            {
                foreach (var (number, item, _) in events)
                {
                    yield return item;
                    last = number;
                }

                // A client that polls gets what there is, waiting for the first event, and comes again.
                if (events.Count > 0 && stream._mode != SseEventStreamMode.Polling)
                {
                    continue;
                }

                if (ended || events.Count > 0)
                {
                    yield break;
                }

                await changed.WaitAsync(cancellationToken);
            }
        }
    }
}
