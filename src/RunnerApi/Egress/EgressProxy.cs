using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Actors.RunnerApi.Egress;

/// <summary>The forward proxy: the one way out for sandboxes whose profile allows hosts. Without a setting it does not listen.</summary>
internal sealed partial class EgressProxy(EgressGrants grants, EgressOptions options, EgressDial dial, TimeProvider time, ILogger<EgressProxy> logger) : BackgroundService
{
    // One sandbox, one address: what it may hold open, and it alone, before it has shown credentials too.
    private const int MostPerSource = 256;
    private const int MostInAll = 8192;

    private readonly ConcurrentDictionary<IPAddress, int> _sources = new();
    private readonly ConcurrentDictionary<Task, bool> _tunnels = new();
    private readonly ILogger _logger = logger;
    private Socket? _listener;

    /// <summary>Where sandboxes connect to; null when there is no proxy or the host has not started.</summary>
    public IPEndPoint? Address => options.Reach ?? (IPEndPoint?)_listener?.LocalEndPoint;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Listen is { } endpoint)
        {
            _listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            Bind(_listener, endpoint);
            LogListening(_listener.LocalEndPoint!, Address!);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_listener is not { } listener)
        {
            return;
        }

        try
        {
            while (true)
            {
                await AcceptAsync(listener, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            listener.Dispose();
            await Task.WhenAll(_tunnels.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Bind(Socket listener, IPEndPoint endpoint)
    {
        try
        {
            listener.Bind(endpoint);
            listener.Listen(512);
        }
        catch (SocketException e)
        {
            throw new IOException($"The egress proxy cannot listen at {endpoint}: {e.Message}. Free the port, or set {EgressOptions.Section}:{nameof(EgressOptions.Url)} to another one.", e);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken stopping)
    {
        Socket client;
        try
        {
            client = await listener.AcceptAsync(stopping);
        }
        catch (SocketException e)
        {
            // One caller's broken handshake, or no handles left for a moment: others still come.
            LogAcceptFailed(e);
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, stopping);
            return;
        }

        var tunnel = ServeAsync(client, stopping);
        _tunnels[tunnel] = true;
        _ = tunnel.ContinueWith(t => _tunnels.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket client, CancellationToken stopping)
    {
        await Task.Yield();
        using var held = client;
        IPAddress? source = null;
        try
        {
            source = ((IPEndPoint)client.RemoteEndPoint!).Address;
            if (_sources.AddOrUpdate(source, 1, (_, n) => n + 1) > MostPerSource || _tunnels.Count > MostInAll)
            {
                return;
            }

            client.NoDelay = true;
            await new EgressTunnel(client, grants, options, dial, time).RunAsync(stopping);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It went away, came too slowly, or the host stops.
        }
        catch (Exception e)
        {
            LogTunnelFailed(e);
        }
        finally
        {
            if (source is not null && _sources.AddOrUpdate(source, 0, (_, n) => n - 1) == 0)
            {
                _sources.TryRemove(KeyValuePair.Create(source, 0));
            }
        }
    }

    [LoggerMessage(60, LogLevel.Information, "The egress proxy listens at {Endpoint}; sandboxes reach it at {Address}")]
    private partial void LogListening(EndPoint endpoint, IPEndPoint address);

    [LoggerMessage(61, LogLevel.Warning, "The egress proxy could not accept a connection")]
    private partial void LogAcceptFailed(Exception exception);

    [LoggerMessage(62, LogLevel.Error, "A connection of the egress proxy failed")]
    private partial void LogTunnelFailed(Exception exception);
}
