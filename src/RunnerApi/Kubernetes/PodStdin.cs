using System.Net.WebSockets;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>A container's stdin over an attached WebSocket. Closing it leaves the container's open.</summary>
internal sealed class PodStdin : StdioStream
{
    private const int Piece = 32 * 1024;
    private const byte StdinChannel = 0;

    private readonly WebSocket _socket;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;
    private readonly byte[] _frame = new byte[Piece + 1];

    internal PodStdin(WebSocket socket)
    {
        _socket = socket;
        _receiving = Task.Run(ReceiveAsync);
    }

    public override bool CanWrite => true;

    /// <summary>Completes when the server ended the connection or it broke.</summary>
    internal Task Ended => _receiving;

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Not this stream's own cancellation: a message that was begun is sent to its end, or the connection is lost.
        cancellationToken.ThrowIfCancellationRequested();
        if (_receiving.IsCompleted || _socket.State != WebSocketState.Open)
        {
            throw new NothingSentException("The connection to the container's stdin is closed.");
        }

        try
        {
            _frame[0] = StdinChannel;
            for (var rest = buffer; rest.Length > 0 && !_receiving.IsCompleted;)
            {
                var count = Math.Min(rest.Length, Piece);
                rest[..count].CopyTo(_frame.AsMemory(1));
                await _socket.SendAsync(_frame.AsMemory(0, count + 1), WebSocketMessageType.Binary, endOfMessage: true, _closing.Token);
                rest = rest[count..];
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            throw new IOException("The connection to the container's stdin broke.", e);
        }

        if (_receiving.IsCompleted)
        {
            throw new IOException("The container has ended, or the connection to its stdin broke.");
        }
    }

    /// <summary>Drops the connection.</summary>
    internal async Task CloseAsync()
    {
        await _closing.CancelAsync();
        _socket.Abort();
        await _receiving;
        _socket.Dispose();
    }

    // Nothing is wanted from the server but to know that it is there.
    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while ((await _socket.ReceiveAsync(buffer.AsMemory(), _closing.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException or IOException)
        {
            // Broken or closed by us.
        }
    }
}
