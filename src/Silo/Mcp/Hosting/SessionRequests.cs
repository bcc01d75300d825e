using System.Text.Json;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Subscriptions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Handles what belongs to a session: POST, GET and DELETE of clients that began with <c>initialize</c>.</summary>
internal sealed class SessionRequests(McpSessions sessions, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Begins a session: its id is in the answer's header, if the answer is no error.</summary>
    public async Task InitializeAsync(HttpContext context, JsonRpcRequest request, CallerPlaces.Place place)
    {
        if (Parameters(request) is not { } client)
        {
            await new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidParams, "initialize needs protocolVersion, capabilities and clientInfo.") { Id = request.Id }.WriteAsync(context);
            return;
        }

        if (client.ProtocolVersion == ProtocolEra.Modern)
        {
            await (RequestChecks.Unsupported(client.ProtocolVersion, ProtocolEra.Versions.Where(v => v != ProtocolEra.Modern)) with { Id = request.Id }).WriteAsync(context);
            return;
        }

        var (lease, fault) = await sessions.CreateAsync(client, Subject(context));
        if (lease is null)
        {
            await (fault! with { Id = request.Id }).WriteAsync(context);
            return;
        }

        using (lease)
        {
            await PostAsync(context, lease.Session, request, place, first =>
            {
                if (first is not JsonRpcError)
                {
                    context.Response.Headers[McpHeaders.SessionId] = lease.Session.Id;
                }
            });
        }
    }

    /// <summary>Handles a message of a session.</summary>
    public async Task PostAsync(HttpContext context, string id, JsonRpcMessage message, CallerPlaces.Place? place)
    {
        var (lease, fault) = await sessions.FindAsync(id, Subject(context), context.RequestAborted);
        if (lease is null)
        {
            await (fault! with { Id = (message as JsonRpcRequest)?.Id ?? default }).WriteAsync(context);
            return;
        }

        // A session has agreed on a version; its clients need not say it again.
        message.Context!.ProtocolVersion ??= lease.Session.Version;
        using (lease)
        {
            await PostAsync(context, lease.Session, message, place, null);
        }
    }

    /// <summary>Opens the session's own stream, or goes on with one that broke.</summary>
    public async Task GetAsync(HttpContext context, string id)
    {
        var (lease, fault) = await sessions.FindAsync(id, Subject(context), context.RequestAborted);
        if (lease is null)
        {
            await fault!.WriteAsync(context);
            return;
        }

        using (lease)
        {
            using var age = new CancellationTokenSource(WatchLimits.MostTime, time);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, age.Token);
            try
            {
                await StreamAsync(context, lease.Session, ended.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client went, the session ended, the silo stops or the stream is old: who listens on is asked for the token anew.
            }
        }
    }

    /// <summary>Ends a session.</summary>
    public async Task DeleteAsync(HttpContext context, string id)
    {
        var (lease, fault) = await sessions.FindAsync(id, Subject(context), context.RequestAborted);
        if (lease is null)
        {
            await fault!.WriteAsync(context);
            return;
        }

        using (lease)
        {
            await sessions.EndAsync(lease.Session, context.RequestAborted);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task PostAsync(HttpContext context, McpSession session, JsonRpcMessage message, CallerPlaces.Place? place, Action<JsonRpcMessage?>? onFirst)
    {
        if (message is JsonRpcRequest request && session.Enter(request, place!) is { } fault)
        {
            await fault.WriteAsync(context);
            return;
        }

        if (await sessions.TellAsync(session, message, context.RequestAborted) is { } unpassed)
        {
            await unpassed.WriteAsync(context);
            return;
        }

        await using var body = SseResponse.Begin(context, time);
        try
        {
            var answered = await session.PostAsync(message, body, onFirst, context.RequestAborted);
            if (answered is false)
            {
                SseResponse.Accepted(context);
            }
            else if (answered is null && !context.Response.HasStarted)
            {
                context.Response.ContentType = null;
                await McpSessions.Unknown.WriteAsync(context);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The connection broke: the call goes on, and its client may come back for the rest.
        }
    }

    private async Task StreamAsync(HttpContext context, McpSession session, CancellationToken cancellationToken)
    {
        var last = context.Request.Headers[McpHeaders.LastEventId] is [{ Length: > 0 } given] ? given : null;
        var reader = last is null ? null : await session.ResumeAsync(last);
        if (reader is null && last is not null && !EventStream.IsOfSession(last))
        {
            // Not 404: to clients that would say that the session has ended.
            await new McpFault(
                StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "What came after this Last-Event-ID is not known here any more. Ask with get_run or wait_run.").WriteAsync(context);
            return;
        }

        await using var body = SseResponse.Begin(context, time);
        await (reader is null ? session.ListenAsync(body, cancellationToken) : SseReplay.WriteAsync(reader, body, cancellationToken));
    }

    private static string Subject(HttpContext context) => Caller.Of(context.User).Subject;

    private static InitializeRequestParams? Parameters(JsonRpcRequest request)
    {
        try
        {
            // What is required may be null in JSON all the same.
            return request.Params.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(InitializeRequestParams))) is
                InitializeRequestParams { ProtocolVersion: not null, Capabilities: not null, ClientInfo: { Name: not null, Version: not null } } client
                ? client
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
