using System.Collections.Concurrent;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Resources;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>Tells clients when a resource that they subscribed to has changed: those of 2026-07-28 by <c>subscriptions/listen</c>, a session's on its own stream.</summary>
internal sealed partial class SubscriptionsFeature(RunDoor door, RunWatcher watcher, WatchLimits limits, ListenHandler listen, ILogger<SubscriptionsFeature> logger) : IMcpFeature
{
    /// <summary>Most resources that one session may have subscribed to.</summary>
    public const int MostPerSession = 100;

    private readonly ConcurrentDictionary<string, SessionSubscriptions> _sessions = new(StringComparer.Ordinal);

    /// <summary>Sessions that may subscribe.</summary>
    public int Sessions => _sessions.Count;

    public void Configure(McpServerOptions options)
    {
        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Resources ??= new ResourcesCapability();
        options.Capabilities.Resources.Subscribe = true;
        options.Handlers.SubscribeToResourcesHandler = SubscribeAsync;
        options.Handlers.UnsubscribeFromResourcesHandler = UnsubscribeAsync;
        options.Handlers.SubscriptionsListenHandler = listen.HandleAsync;

        // The token of a notification is the one of its whole session, unlike that of a request.
        options.Filters.Message.IncomingFilters.Add(next => (message, cancellationToken) =>
        {
            if (message.JsonRpcMessage is JsonRpcNotification { Method: NotificationMethods.InitializedNotification } && message.Server.SessionId is { } session)
            {
                Begin(session, cancellationToken);
            }

            return next(message, cancellationToken);
        });
    }

    private void Begin(string session, CancellationToken ended)
    {
        var subscriptions = new SessionSubscriptions(watcher, limits, (uri, reason) => LogSubscriptionEnded(logger, uri, reason), ended);
        if (_sessions.TryAdd(session, subscriptions))
        {
            ended.Register(() => _sessions.TryRemove(KeyValuePair.Create(session, subscriptions)));
        }
    }

    private async ValueTask<EmptyResult> SubscribeAsync(RequestContext<SubscribeRequestParams> request, CancellationToken cancellationToken)
    {
        var uri = request.Params?.Uri ?? "";
        var caller = Caller.Of(request.User);
        if (NeverChanges(request, uri, caller))
        {
            return new EmptyResult();
        }

        if (ActorsUri.Parse(uri) is not ActorsUri.InRun named || await watcher.OpenAsync(caller, named.RunId, cancellationToken) is not { } run)
        {
            throw request.JsonRpcRequest.UnknownResource(uri);
        }

        if (request.Server.SessionId is not { } id || !_sessions.TryGetValue(id, out var session))
        {
            throw new McpProtocolException("Subscriptions need a session: initialize first.", McpErrorCode.InvalidRequest);
        }

        if (!session.TryAdd(request.Server, caller, uri, run))
        {
            throw new McpProtocolException($"A session may have {MostPerSession} subscriptions. Unsubscribe from one.", McpErrorCode.InvalidParams);
        }

        return new EmptyResult();
    }

    // Workflows stay as they are while the silo runs.
    private bool NeverChanges(RequestContext<SubscribeRequestParams> request, string uri, Caller caller) => ActorsUri.Parse(uri) is ActorsUri.OfWorkflow workflow
        ? door.Workflows(caller).Any(w => w.Id == workflow.Id)
        : request.Server.ServerOptions.ResourceCollection?.TryGetPrimitive(uri, out _) == true;

    private ValueTask<EmptyResult> UnsubscribeAsync(RequestContext<UnsubscribeRequestParams> request, CancellationToken cancellationToken)
    {
        if (request.Params?.Uri is { } uri && request.Server.SessionId is { } id && _sessions.TryGetValue(id, out var session))
        {
            session.Remove(uri);
        }

        return ValueTask.FromResult(new EmptyResult());
    }
}
