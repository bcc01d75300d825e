using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Actors.Testing.Cluster;

/// <summary>One connection through the proxy. The client's side is read message by message (PostgreSQL's protocol 3), the server's is passed on as it comes.</summary>
internal sealed class ProxyLink(TcpProxy proxy, Socket client, Socket server) : IDisposable
{
    private const int LargestMessage = 64 * 1024 * 1024;
    private readonly HashSet<string> _writes = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _writing;
    private bool _inTransaction;
    private volatile bool _swallowing;

    public async Task RunAsync()
    {
        await Task.WhenAny(proxy.IsPostgres ? UpAsync() : CopyUpAsync(), DownAsync());
        Break();
    }

    public void Break()
    {
        client.Dispose();
        server.Dispose();
    }

    public void Dispose() => Break();

    private async Task UpAsync()
    {
        var up = new NetworkStream(client);
        await using var _ = up;
        var startup = true;
        while (await ReadAsync(up, startup) is { } message)
        {
            startup = startup && IsSslRequest(message);
            await proxy.PassAsync();
            var commits = !startup && Commits(message);
            if (proxy.Delay is { Ticks: > 0 } delay)
            {
                await Task.Delay(delay, TimeProvider.System);
            }

            if (commits && proxy.TakeSwallow())
            {
                _swallowing = true;
                await server.SendAsync(message);
                await _answered.Task.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            await server.SendAsync(message);
        }
    }

    private async Task CopyUpAsync()
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReceiveAsync(buffer) is var length and > 0)
        {
            await proxy.PassAsync();
            await server.SendAsync(buffer.AsMemory(0, length));
        }
    }

    private async Task DownAsync()
    {
        var buffer = new byte[64 * 1024];
        while (await server.ReceiveAsync(buffer) is var length and > 0)
        {
            if (_swallowing)
            {
                _answered.TrySetResult();
                continue;
            }

            await proxy.PassAsync();
            await client.SendAsync(buffer.AsMemory(0, length));
        }
    }

    // A first message has no type byte.
    private static async Task<byte[]?> ReadAsync(NetworkStream stream, bool startup)
    {
        var prefix = startup ? 0 : 1;
        var head = new byte[prefix + 4];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false) < head.Length)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(prefix));
        if (length is < 4 or > LargestMessage)
        {
            throw new IOException($"a message of {length} bytes is not PostgreSQL's protocol");
        }

        var message = new byte[prefix + length];
        head.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(head.Length));
        return message;
    }

    private static bool IsSslRequest(byte[] message) => message.Length == 8 && BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(4)) is 80877103 or 80877104;

    /// <summary>Whether this message makes the server commit a transition; edits statements on the way.</summary>
    private bool Commits(byte[] message)
    {
        switch (message[0])
        {
            case (byte)'P':
                var nameEnd = Array.IndexOf(message, (byte)0, 5);
                var textEnd = Array.IndexOf(message, (byte)0, nameEnd + 1);
                var name = Encoding.UTF8.GetString(message, 5, nameEnd - 5);
                var text = EditText(message, nameEnd + 1, textEnd);
                _ = IsWrite(text) ? _writes.Add(name) : _writes.Remove(name);
                return false;
            case (byte)'B':
                var portalEnd = Array.IndexOf(message, (byte)0, 5);
                var statementEnd = Array.IndexOf(message, (byte)0, portalEnd + 1);
                _writing |= _writes.Contains(Encoding.UTF8.GetString(message, portalEnd + 1, statementEnd - portalEnd - 1));
                return false;
            case (byte)'Q':
                return Query(EditText(message, 5, message.Length - 1));
            case (byte)'S':
                return !_inTransaction && TakeWrite();
            default:
                return false;
        }
    }

    private bool Query(string text)
    {
        if (text.StartsWith("BEGIN", StringComparison.OrdinalIgnoreCase))
        {
            _inTransaction = true;
            return false;
        }

        var commits = text.StartsWith("COMMIT", StringComparison.OrdinalIgnoreCase);
        if (commits || text.StartsWith("ROLLBACK", StringComparison.OrdinalIgnoreCase))
        {
            _inTransaction = false;
            return TakeWrite() && commits;
        }

        return false;
    }

    private bool TakeWrite()
    {
        var written = _writing;
        _writing = false;
        return written;
    }

    private static bool IsWrite(string text) =>
        text.Contains("INSERT INTO trace", StringComparison.OrdinalIgnoreCase) || text.Contains("INSERT INTO runs", StringComparison.OrdinalIgnoreCase);

    private string EditText(byte[] message, int start, int end)
    {
        var text = Encoding.UTF8.GetString(message, start, end - start);
        if (proxy.Edit is { } edit && edit(text) is var edited && edited != text)
        {
            var bytes = Encoding.UTF8.GetBytes(edited);
            if (bytes.Length != end - start)
            {
                throw new IOException("an edited statement must keep its length");
            }

            bytes.CopyTo(message, start);
            return edited;
        }

        return text;
    }
}
