using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>A target that keeps what it gets and sends it back.</summary>
internal sealed class TargetServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly Task _accepting;
    private long _bytes;
    private int _accepted;

    public TargetServer()
    {
        _listener.Start(2048);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that came.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Bytes that came, over all connections.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Sent after the other side ended what it sends.</summary>
    public byte[] Farewell { get; set; } = [];

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_serving);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _accepted);
                _serving.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var held = client;
        try
        {
            var stream = client.GetStream();
            var buffer = new byte[16 * 1024];
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                Interlocked.Add(ref _bytes, count);
                await stream.WriteAsync(buffer.AsMemory(0, count));
            }

            await stream.WriteAsync(Farewell);
        }
        catch (IOException)
        {
            // Cut.
        }
    }
}
