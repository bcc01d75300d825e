using System.Collections.Concurrent;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>A session of a client that initialized: its server object, its calls in flight, its streams. What it holds is lost without harm; the id is enough to make it anew.</summary>
internal sealed class McpSession : IAsyncDisposable
{
    /// <summary>Calls that one session may have in flight.</summary>
    public const int MostCalls = 64;

    private const int Closed = int.MinValue / 2;
    private readonly StreamableHttpServerTransport _transport;
    private readonly EventStreams _events;
    private readonly SessionRelay _relay = new();
    private readonly ConcurrentDictionary<RequestId, McpCall> _calls = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TimeProvider _time;
    private readonly Task _running;
    private Task? _listening;

    // Leases, or Closed once the session is being put away.
    private int _users;
    private long _lastUse;

    public McpSession(string id, string subject, SessionClaim claim, SessionParts parts)
    {
        Id = id;
        Subject = subject;
        Claim = claim;
        _time = parts.Time;
        _lastUse = _time.GetTimestamp();
        _events = new EventStreams(parts.Budget);
        _transport = new StreamableHttpServerTransport(parts.Loggers) { SessionId = id, EventStreamStore = _events };
        _running = parts.Servers.Create(_transport).RunAsync(_ended.Token);
    }

    public string Id { get; }

    /// <summary>Who initialized it.</summary>
    public string Subject { get; }

    public SessionClaim Claim { get; }

    /// <summary>What the client and this server agreed on.</summary>
    public string Version => ProtocolEra.Negotiated(Claim.Client.ProtocolVersion);

    /// <summary>How long nothing has happened; null while something does.</summary>
    public TimeSpan? Idle => Volatile.Read(ref _users) == 0 ? _time.GetElapsedTime(Volatile.Read(ref _lastUse)) : null;

    /// <summary>Makes a server that does not know its client yet one that has been initialized, by what the id holds.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        var parameters = JsonSerializer.SerializeToNode(Claim.Client, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(InitializeRequestParams)));
        var initialize = new JsonRpcRequest { Id = new RequestId("restore"), Method = RequestMethods.Initialize, Params = parameters, Context = new JsonRpcMessageContext() };
        await _transport.HandlePostRequestAsync(initialize, Stream.Null, cancellationToken);
        await _transport.HandlePostRequestAsync(new JsonRpcNotification { Method = NotificationMethods.InitializedNotification, Context = new JsonRpcMessageContext() }, Stream.Null, cancellationToken);
    }

    /// <summary>Keeps the session from being put away until the lease is disposed; null when it is being put away already.</summary>
    public SessionLease? TryUse()
    {
        if (Interlocked.Increment(ref _users) > 0)
        {
            return new SessionLease(this);
        }

        Interlocked.Decrement(ref _users);
        return null;
    }

    /// <summary>Gives a lease back.</summary>
    public void Leave()
    {
        Volatile.Write(ref _lastUse, _time.GetTimestamp());
        Interlocked.Decrement(ref _users);
    }

    /// <summary>Lets nobody in any more, if nobody is in.</summary>
    public bool TryClose() => Interlocked.CompareExchange(ref _users, Closed, 0) == 0;

    /// <summary>Handles a message; true when it was answered in the body.</summary>
    /// <param name="message">What the client sent.</param>
    /// <param name="body">Where answers go.</param>
    /// <param name="onFirst">Learns of the first message before it is written.</param>
    /// <param name="cancellationToken">The connection's end, which is not the call's.</param>
    /// <returns>Whether it was answered; null when the session ended meanwhile.</returns>
    public async Task<bool?> PostAsync(JsonRpcMessage message, Stream body, Action<JsonRpcMessage?>? onFirst, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var call = McpCall.Of(message);
        var isUnanswered = false;
        call?.Unanswered = () =>
        {
            _events.Forget(((JsonRpcRequest)message).Id);
            isUnanswered = true;
            End(over);
        };
        try
        {
            return onFirst is null
                ? await _transport.HandlePostRequestAsync(message, body, over.Token)
                : await _transport.HandlePostRequestAsync(message, body, first => First(onFirst, first), over.Token);
        }
        catch (OperationCanceledException) when (isUnanswered)
        {
            // The response ends as it is.
            return true;
        }
        catch (Exception e) when (_ended.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return null;
        }
        finally
        {
            // The connection may be gone before a handler has the message: nobody else would let go of it.
            if (call is { HasStarted: false })
            {
                call.Unanswered?.Invoke();
                call.Ended?.Invoke();
            }

            call?.Over();
        }
    }

    private static void End(CancellationTokenSource response)
    {
        try
        {
            response.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    private static ValueTask First(Action<JsonRpcMessage?> onFirst, JsonRpcMessage? message)
    {
        onFirst(message);
        return ValueTask.CompletedTask;
    }

    /// <summary>Enters a request as in flight until its handler ends; a fault when its id is taken or there are too many.</summary>
    public McpFault? Enter(JsonRpcRequest request, CallerPlaces.Place place)
    {
        if (_calls.Count >= MostCalls)
        {
            return new McpFault(StatusCodes.Status429TooManyRequests, McpErrorCode.InvalidRequest, $"This session has {MostCalls} requests in flight. Wait for one to end.") { Id = request.Id, RetryAfter = 1 };
        }

        var call = McpCall.Attach(request);
        if (!_calls.TryAdd(request.Id, call))
        {
            return new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "A request of this id is in flight. Use an id once per session.") { Id = request.Id };
        }

        var lease = TryUse();
        var held = place.Share();
        call.Ended = () =>
        {
            _calls.TryRemove(request.Id, out _);
            lease?.Dispose();
            held.Dispose();
        };
        return null;
    }

    /// <summary>Whether what a message is about is surely here. A call that is given up is marked so, before the message is handled. Where an answer belongs only its silo knows.</summary>
    public bool Knows(JsonRpcMessage message)
    {
        if (message is not JsonRpcNotification { Method: NotificationMethods.CancelledNotification } cancelled)
        {
            return message is not (JsonRpcResponse or JsonRpcError);
        }

        if (CancelledId(cancelled) is not { } id || !_calls.TryGetValue(id, out var call))
        {
            return false;
        }

        call.CancelByClient();
        return true;
    }

    /// <summary>Handles a message that came by way of another silo.</summary>
    public async Task DeliverAsync(JsonRpcMessage message, CancellationToken cancellationToken)
    {
        // One that is about another silo's call is of no use here.
        if (Knows(message) || message is JsonRpcResponse or JsonRpcError)
        {
            message.Context = new JsonRpcMessageContext();
            await _transport.HandlePostRequestAsync(message, Stream.Null, cancellationToken);
        }
    }

    /// <summary>Sends what belongs to no request into the body, until the client goes, another GET takes over or the session ends.</summary>
    public async Task ListenAsync(Stream body, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        await body.FlushAsync(ended.Token);
        var replaced = await _relay.AttachAsync(body, ended.Token);
        try
        {
            lock (_calls)
            {
                _listening ??= _transport.HandleGetRequestAsync(_relay, _ended.Token);
            }

            await replaced.WaitAsync(ended.Token);
        }
        finally
        {
            await _relay.DetachAsync(body);
        }
    }

    /// <summary>What a stream of this session sent after an event, and what it sends on; null when that is not known here.</summary>
    public ValueTask<ISseEventStreamReader?> ResumeAsync(string lastEventId) => _events.GetStreamReaderAsync(lastEventId);

    private static RequestId? CancelledId(JsonRpcNotification notification)
    {
        try
        {
            return (notification.Params.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CancelledNotificationParams))) as CancelledNotificationParams)?.RequestId;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _transport.DisposeAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (_listening ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _events.Dispose();
    }
}

/// <summary>A session that is in use until this is disposed.</summary>
internal sealed class SessionLease(McpSession session) : IDisposable
{
    private int _disposed;

    public McpSession Session => session;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            session.Leave();
        }
    }
}

/// <summary>What all sessions share.</summary>
internal sealed record SessionParts(McpServers Servers, EventBudget Budget, ILoggerFactory Loggers, TimeProvider Time);
