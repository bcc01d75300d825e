using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Resources;
using Actors.Silo.Mcp.Tasks;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary><c>subscriptions/listen</c>: a request whose response goes on, telling of runs as resources and as tasks. It needs no state but its own, so any silo serves it.</summary>
internal sealed class ListenHandler(RunWatcher watcher, WatchLimits limits, RunTasks tasks, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Most resources and tasks of one stream, together.</summary>
    public const int MostSubscriptions = 100;

    private const string TaskIds = "taskIds";
    private const string TasksNotification = "notifications/tasks";

    public async ValueTask<EmptyResult> HandleAsync(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellationToken)
    {
        var wishes = Wishes(request);
        var caller = Caller.Of(request.User);
        using var places = limits.Enter(caller.Subject, Math.Max(1, wishes.Count));
        var granted = new List<(Wish Wish, OpenRun Run)>();
        foreach (var wish in wishes)
        {
            if (await watcher.OpenAsync(caller, wish.RunId, cancellationToken) is { } run)
            {
                granted.Add((wish, run));
            }
        }

        await SendAsync(request, NotificationMethods.SubscriptionsAcknowledgedNotification, Acknowledged(granted), cancellationToken);
        using var age = limits.BeginTime();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping, age.Token);
        try
        {
            var watches = granted.GroupBy(g => g.Wish.RunId, StringComparer.Ordinal).Select(g => WatchAsync(request, caller, g.First().Run, [.. g.Select(w => w.Wish)], ended)).ToList();

            // Whoever listens to runs that have ended listens on, until it goes, its time is over or this silo stops.
            watches.Add(Task.Delay(Timeout.InfiniteTimeSpan, time, ended.Token));
            await Task.WhenAll(watches);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && (lifetime.ApplicationStopping.IsCancellationRequested || age.IsCancellationRequested))
        {
            // A deliberate end: the client listens anew, with a token that still holds.
        }

        return new EmptyResult();
    }

    // One that fails ends them all: the client sees the stream end and listens anew, instead of missing something.
    private async Task WatchAsync(RequestContext<SubscriptionsListenRequestParams> request, Caller caller, OpenRun run, IReadOnlyList<Wish> wishes, CancellationTokenSource ended)
    {
        try
        {
            await watcher.WatchAsync(caller, run, (now, cancellationToken) => TellAsync(request, now, wishes, cancellationToken), ended.Token);
        }
        catch (Exception)
        {
            await ended.CancelAsync();
            throw;
        }
    }

    private async Task TellAsync(RequestContext<SubscriptionsListenRequestParams> request, OpenRun run, IReadOnlyList<Wish> wishes, CancellationToken cancellationToken)
    {
        foreach (var wish in wishes)
        {
            if (wish.Uri is { } uri)
            {
                await SendAsync(request, NotificationMethods.ResourceUpdatedNotification, new JsonObject { ["uri"] = uri }, cancellationToken);
            }
            else
            {
                await SendAsync(request, TasksNotification, await tasks.DescribeAsync(run, request.JsonRpcRequest, cancellationToken), cancellationToken);
            }
        }
    }

    private static List<Wish> Wishes(RequestContext<SubscriptionsListenRequestParams> request)
    {
        var uris = request.Params?.Notifications?.ResourceSubscriptions ?? [];
        var tasks = (request.JsonRpcRequest.Params?["notifications"]?[TaskIds] as JsonArray)?.Select(t => t is JsonValue value && value.TryGetValue<string>(out var id) ? id : "").ToList() ?? [];
        if (tasks.Count > 0)
        {
            TasksCapability.Demand(request.JsonRpcRequest);
        }

        if (uris.Count + tasks.Count > MostSubscriptions)
        {
            throw new McpProtocolException($"One stream tells of at most {MostSubscriptions} resources and tasks. Open another.", McpErrorCode.InvalidParams);
        }

        var named = uris.Distinct(StringComparer.Ordinal).Select(u => (Uri: u, Run: (ActorsUri.Parse(u) as ActorsUri.InRun)?.RunId));
        return [.. named.Where(u => u.Run is not null).Select(u => new Wish(u.Run!, u.Uri)), .. tasks.Distinct(StringComparer.Ordinal).Select(t => new Wish(t, null))];
    }

    private static JsonObject Acknowledged(List<(Wish Wish, OpenRun Run)> granted)
    {
        var notifications = new JsonObject();
        if (granted.Where(g => g.Wish.Uri is not null).Select(g => (JsonNode)g.Wish.Uri!).ToArray() is { Length: > 0 } uris)
        {
            notifications["resourceSubscriptions"] = new JsonArray(uris);
        }

        if (granted.Where(g => g.Wish.Uri is null).Select(g => (JsonNode)g.Wish.RunId).ToArray() is { Length: > 0 } ids)
        {
            notifications[TaskIds] = new JsonArray(ids);
        }

        return new JsonObject { ["notifications"] = notifications };
    }

    private static Task SendAsync(RequestContext<SubscriptionsListenRequestParams> request, string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        // The stream's name: a client may have several on one channel.
        parameters["_meta"] = new JsonObject { [MetaKeys.SubscriptionId] = JsonSerializer.SerializeToNode(request.JsonRpcRequest.Id, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(RequestId))) };
        return request.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);
    }

    /// <param name="RunId">The run.</param>
    /// <param name="Uri">The resource; null for the run as a task.</param>
    private sealed record Wish(string RunId, string? Uri);
}
