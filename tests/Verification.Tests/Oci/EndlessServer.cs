using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Actors.Verification.Tests.Oci;

/// <summary>Answers one request with a body that has no end, and counts what the client's socket took.</summary>
internal sealed class EndlessServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private EndlessServer(string contentType)
    {
        _listener.Start();
        Sent = SendAsync(contentType);
    }

    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>Bytes of the body until the client hung up.</summary>
    public Task<long> Sent { get; }

    public static EndlessServer Start(string contentType) => new(contentType);

    public void Dispose() => _listener.Dispose();

    private async Task<long> SendAsync(string contentType)
    {
        using var client = await _listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        var chunk = new byte[64 * 1024];
        _ = await stream.ReadAtLeastAsync(chunk, 1);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\nConnection: close\r\n\r\n"));
        for (var sent = 0L; ; sent += chunk.Length)
        {
            try
            {
                await stream.WriteAsync(chunk);
            }
            catch (IOException)
            {
                return sent;
            }
        }
    }
}
