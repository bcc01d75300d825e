using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>What one session has subscribed to, until it ends.</summary>
internal sealed class SessionSubscriptions(RunWatcher watcher, CancellationToken ended)
{
    private readonly Dictionary<string, CancellationTokenSource> _watches = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Subscribes; again is no change. False when there are too many.</summary>
    public bool TryAdd(McpServer server, Caller caller, string uri, OpenRun run)
    {
        CancellationTokenSource watch;
        lock (_lock)
        {
            if (_watches.ContainsKey(uri))
            {
                return true;
            }

            if (_watches.Count >= SubscriptionsFeature.MostPerSession)
            {
                return false;
            }

            watch = CancellationTokenSource.CreateLinkedTokenSource(ended);
            _watches.Add(uri, watch);
        }

        _ = WatchAsync(server, caller, uri, run, watch);
        return true;
    }

    /// <summary>Unsubscribes.</summary>
    public void Remove(string uri)
    {
        lock (_lock)
        {
            if (_watches.Remove(uri, out var watch))
            {
                watch.Cancel();
            }
        }
    }

    private async Task WatchAsync(McpServer server, Caller caller, string uri, OpenRun run, CancellationTokenSource watch)
    {
        try
        {
            await watcher.WatchAsync(
                caller,
                run,
                (_, cancellationToken) => server.SendNotificationAsync(
                    NotificationMethods.ResourceUpdatedNotification, new ResourceUpdatedNotificationParams { Uri = uri }, McpJsonUtilities.DefaultOptions, cancellationToken),
                watch.Token);
        }
        catch (Exception)
        {
            // The session ended or the database is away: a subscription is a courtesy, the resource can be read.
        }
        finally
        {
            lock (_lock)
            {
                if (_watches.GetValueOrDefault(uri) == watch)
                {
                    _watches.Remove(uri);
                }
            }

            watch.Dispose();
        }
    }
}
