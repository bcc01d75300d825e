using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>What one session has subscribed to, until it ends.</summary>
internal sealed class SessionSubscriptions(RunWatcher watcher, WatchLimits limits, Action<string, string> failed, CancellationToken ended)
{
    private readonly Dictionary<string, CancellationTokenSource> _watches = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Subscribes; again is no change. False when the session has too many.</summary>
    /// <exception cref="McpProtocolException">The caller or the silo has too many.</exception>
    public bool TryAdd(McpServer server, Caller caller, string uri, OpenRun run)
    {
        CancellationTokenSource watch;
        IDisposable place;
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

            place = limits.Enter(caller.Subject, 1);
            watch = CancellationTokenSource.CreateLinkedTokenSource(ended);
            _watches.Add(uri, watch);
        }

        _ = WatchAsync(server, caller, (uri, run), watch, place);
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

    private async Task WatchAsync(McpServer server, Caller caller, (string Uri, OpenRun Run) what, CancellationTokenSource watch, IDisposable place)
    {
        try
        {
            await watcher.WatchAsync(
                caller,
                what.Run,
                (_, cancellationToken) => server.SendNotificationAsync(
                    NotificationMethods.ResourceUpdatedNotification, new ResourceUpdatedNotificationParams { Uri = what.Uri }, McpJsonUtilities.DefaultOptions, cancellationToken),
                watch.Token);
        }
        catch (OperationCanceledException) when (watch.IsCancellationRequested)
        {
            // Unsubscribed, or the session ended.
        }
        catch (Exception e)
        {
            // The client cannot be told where nothing reaches it; the resource can still be read.
            failed(what.Uri, e.Message);
        }
        finally
        {
            lock (_lock)
            {
                if (_watches.GetValueOrDefault(what.Uri) == watch)
                {
                    _watches.Remove(what.Uri);
                }
            }

            watch.Dispose();
            place.Dispose();
        }
    }
}
