using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Actors.Testing.Cluster;

/// <summary>Stands between one silo and PostgreSQL or the runner: cuts, is a black hole, delays, swallows the answer to a commit, edits statements on their way. It connects from an address of its own,
/// so that the database can tell whose connection it is.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<ProxyLink, byte> _links = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly IPEndPoint _server;
    private readonly IPAddress _source;
    private Task _accepting = Task.CompletedTask;
    private volatile bool _cut;
    private volatile TaskCompletionSource? _hole;
    private int _swallow;
    private long _delayTicks;

    private TcpProxy(IPEndPoint server, IPAddress source)
    {
        _server = server;
        _source = source;
    }

    /// <summary>Where the silo connects to.</summary>
    public int Port { get; private set; }

    /// <summary>Answers to commits that were swallowed.</summary>
    public int Swallowed { get; private set; }

    /// <summary>Added before each message on its way to the server.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>What passes is PostgreSQL's protocol; else bytes.</summary>
    public bool IsPostgres { get; init; } = true;

    /// <summary>Gives another statement of the same length, or the same one.</summary>
    public Func<string, string>? Edit { get; init; }

    /// <summary>Starts a proxy that the server sees as <paramref name="source"/>, an address of loopback.</summary>
    public static TcpProxy Start(int serverPort, IPAddress source, Func<string, string>? edit = null, bool isPostgres = true)
    {
        var proxy = new TcpProxy(new IPEndPoint(IPAddress.Loopback, serverPort), source) { Edit = edit, IsPostgres = isPostgres };
        proxy._listener.Start();
        proxy.Port = ((IPEndPoint)proxy._listener.LocalEndpoint).Port;
        proxy._accepting = proxy.AcceptAsync();
        return proxy;
    }

    /// <summary>Breaks every connection and refuses new ones until <see cref="Heal"/>.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var link in _links.Keys)
        {
            link.Break();
        }
    }

    /// <summary>Takes everything and passes nothing on, in both directions, until <see cref="Heal"/>: no connection breaks, as when a network loses all packets.</summary>
    public void OpenHole() => _hole ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Heal()
    {
        _cut = false;
        _hole?.TrySetResult();
        _hole = null;
    }

    /// <summary>The next <paramref name="count"/> commits of writes reach the server, their answers do not come back.</summary>
    public void SwallowCommits(int count) => Interlocked.Exchange(ref _swallow, count);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Heal();
        Cut();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Ends when data may go on.</summary>
    internal Task PassAsync() => _hole?.Task ?? Task.CompletedTask;

    internal bool TakeSwallow()
    {
        if (Interlocked.Decrement(ref _swallow) >= 0)
        {
            Swallowed++;
            return true;
        }

        Interlocked.Exchange(ref _swallow, 0);
        return false;
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                _ = ServeAsync(client);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var link = new ProxyLink(this, client, server);
        client.NoDelay = true;
        _links.TryAdd(link, 0);
        try
        {
            if (!_cut)
            {
                server.Bind(new IPEndPoint(_source, 0));
                await server.ConnectAsync(_server, _stopping.Token);
                await link.RunAsync();
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One side is gone; so is the other now.
        }
        finally
        {
            _links.TryRemove(link, out _);
            client.Dispose();
        }
    }
}
