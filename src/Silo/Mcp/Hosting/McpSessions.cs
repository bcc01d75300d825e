using System.Collections.Concurrent;
using Actors.Silo.Configuration;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>The sessions that this silo has at hand. Each can be put away when idle: its id brings it back, here or at any silo with the same key.</summary>
internal sealed partial class McpSessions(SessionParts parts, SessionIds ids, SessionPost post, SiloOptions options) : IAsyncDisposable
{
    /// <summary>Idle sessions are put away after this time.</summary>
    public static readonly TimeSpan MostIdle = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReceiveEvery = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, Task<McpSession>> _sessions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _log = parts.Loggers.CreateLogger<McpSessions>();
    private Task _sweeping = Task.CompletedTask;

    /// <summary>Sessions at hand.</summary>
    public int Count => _sessions.Count;

    public void Start() => _sweeping = Task.WhenAll(SweepAsync(), ReceiveAsync());

    /// <summary>Makes a session for a client that initializes.</summary>
    public async Task<(SessionLease? Lease, McpFault? Fault)> CreateAsync(InitializeRequestParams client, string subject)
    {
        if (ids.Create(client, subject) is not { } id || ids.Read(id, subject) is not { } claim)
        {
            return (null, new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidParams, "The client's capabilities are over 2 KiB. Declare fewer."));
        }

        if (!await HasRoomAsync())
        {
            return (null, Full);
        }

        var session = new McpSession(id, subject, claim, parts);
        var lease = session.TryUse();
        _sessions[id] = Task.FromResult(session);
        return (lease, null);
    }

    /// <summary>The session of an id, made anew when it is not at hand.</summary>
    public async Task<(SessionLease? Lease, McpFault? Fault)> FindAsync(string id, string subject, CancellationToken cancellationToken)
    {
        if (_sessions.TryGetValue(id, out var known))
        {
            var session = await known.WaitAsync(cancellationToken);
            if (session.Subject != subject || session.Claim.ExpiresAt <= parts.Time.GetUtcNow())
            {
                return (null, Unknown);
            }

            if (session.TryUse() is { } lease)
            {
                return (lease, null);
            }
        }

        if (ids.Read(id, subject) is not { } claim || await post.HasEndedAsync(claim, cancellationToken))
        {
            return (null, Unknown);
        }

        return await HasRoomAsync() ? (await RestoreAsync(id, subject, claim, cancellationToken), null) : (null, Full);
    }

    /// <summary>Ends a session for good.</summary>
    public async Task EndAsync(McpSession session, CancellationToken cancellationToken)
    {
        await post.EndAsync(session.Claim, cancellationToken);
        await EndHereAsync(session);
    }

    /// <summary>Handles a message that says something about a call: of this silo, or of another that it is passed on to. A fault when it cannot be passed on.</summary>
    public async Task<McpFault?> TellAsync(McpSession session, JsonRpcMessage message, CancellationToken cancellationToken) =>
        session.Knows(message) ? null : await post.PassOnAsync(session.Claim, message, cancellationToken);

    private async Task EndHereAsync(McpSession session)
    {
        Remove(session);
        await session.DisposeAsync();
    }

    // Its id may stand for a session that was made anew meanwhile.
    private void Remove(McpSession session)
    {
        if (_sessions.TryGetValue(session.Id, out var known) && known is { IsCompletedSuccessfully: true } && known.Result == session)
        {
            _sessions.TryRemove(KeyValuePair.Create(session.Id, known));
        }
    }

    /// <summary>Puts away what has been idle for that long.</summary>
    public async Task SweepAsync(TimeSpan idle)
    {
        foreach (var known in _sessions.Values)
        {
            if (known is { IsCompletedSuccessfully: true, Result: { } session } && session.Idle >= idle)
            {
                await PutAwayAsync(session);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sweeping;
        foreach (var known in _sessions.Values)
        {
            await (await known).DisposeAsync();
        }

        _stopping.Dispose();
    }

    /// <summary>The answer for a session that is not, or not this caller's.</summary>
    public static McpFault Unknown => new(
        StatusCodes.Status404NotFound, McpFault.UnknownSession, "There is no such session: it has ended, is too old or was not given to you. Initialize anew.");

    private static McpFault Full => new(
        StatusCodes.Status503ServiceUnavailable, McpErrorCode.InternalError, $"This silo has as many busy sessions as {SiloOptions.Section}:{nameof(SiloOptions.MaxSessions)} allows. Try again later.") { RetryAfter = 5 };

    // Two requests of one session may come at once: one makes it anew, both use it.
    private async Task<SessionLease> RestoreAsync(string id, string subject, SessionClaim claim, CancellationToken cancellationToken)
    {
        while (true)
        {
            var making = new TaskCompletionSource<McpSession>(TaskCreationOptions.RunContinuationsAsynchronously);
            var made = _sessions.GetOrAdd(id, making.Task);
            if (made == making.Task)
            {
                await RestoreAsync(making, new McpSession(id, subject, claim, parts));
            }

            if ((await made.WaitAsync(cancellationToken)).TryUse() is { } lease)
            {
                return lease;
            }

            // It is being put away this moment.
            _sessions.TryRemove(KeyValuePair.Create(id, made));
        }
    }

    private async Task RestoreAsync(TaskCompletionSource<McpSession> making, McpSession session)
    {
        try
        {
            await session.RestoreAsync(_stopping.Token);
            making.SetResult(session);
        }
        catch (Exception e)
        {
            _sessions.TryRemove(KeyValuePair.Create(session.Id, making.Task));
            making.SetException(e);
            await session.DisposeAsync();
        }
    }

    private async Task<bool> HasRoomAsync()
    {
        if (_sessions.Count >= options.MaxSessions)
        {
            // The longest idle ones, a tenth at a time: making room must not cost a walk per session.
            var idle = _sessions.Values.Where(s => s.IsCompletedSuccessfully && s.Result.Idle is not null).Select(s => s.Result).OrderByDescending(s => s.Idle);
            foreach (var session in idle.Take(1 + (options.MaxSessions / 10)).ToList())
            {
                await PutAwayAsync(session);
            }
        }

        return _sessions.Count < options.MaxSessions;
    }

    private async Task PutAwayAsync(McpSession session)
    {
        if (!session.TryClose())
        {
            return;
        }

        Remove(session);
        try
        {
            await session.DisposeAsync();
        }
        catch (Exception e)
        {
            // One session's trouble is none of the others.
            LogNotPutAway(_log, e);
        }
    }

    private async Task SweepAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(SweepEvery, parts.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await SweepAsync(MostIdle);
        }
    }

    private async Task ReceiveAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(ReceiveEvery, parts.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_sessions.IsEmpty || _stopping.IsCancellationRequested)
            {
                continue;
            }

            foreach (var (name, message) in await post.ReceiveAsync(_stopping.Token).ContinueWith(r => r.IsCompletedSuccessfully ? r.Result : [], TaskScheduler.Default))
            {
                if (_sessions.Values.FirstOrDefault(s => s.IsCompletedSuccessfully && s.Result.Claim.Nonce == name)?.Result is { } session)
                {
                    await (message is null ? EndHereAsync(session) : session.DeliverAsync(message, _stopping.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A session was put away, but not all that belonged to it.")]
    private static partial void LogNotPutAway(ILogger logger, Exception exception);
}
