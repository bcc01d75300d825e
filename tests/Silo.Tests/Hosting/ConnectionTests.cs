using System.Net.Sockets;
using System.Text;
using Actors.Silo.Mcp;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Silo.Tests.Hosting;

/// <summary>Bad behaviour below HTTP, against Kestrel: what it is answered with, and that the silo goes on.</summary>
public sealed class ConnectionTests : IAsyncLifetime
{
    private const string Head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly WaitingTool _tool = new();
    private SiloHost _silo = null!;

    public async Task InitializeAsync() => _silo = await SiloHost.StartAsync(configure: builder => builder.Services.AddSingleton<IMcpFeature>(_tool), inMemory: false);

    public Task DisposeAsync() => _silo.DisposeAsync().AsTask();

    [Fact]
    public async Task Headers_TooLarge_Are431() => Assert.StartsWith("HTTP/1.1 431", await SayAsync(Head + "X: " + new string('x', 100_000) + "\r\n\r\n"), StringComparison.Ordinal);

    [Fact]
    public async Task Body_TooSlow_IsGivenUp() => Assert.StartsWith("HTTP/1.1 408", await SayAsync(Head + "Content-Length: 100000\r\n\r\n{"), StringComparison.Ordinal);

    [Fact]
    public async Task Body_AnnouncedTooLarge_Is413() => Assert.StartsWith("HTTP/1.1 413", await SayAsync(Head + "Content-Length: 100000000\r\n\r\n"), StringComparison.Ordinal);

    [Fact]
    public async Task Body_HalfClosedBeforeItsEnd_EndsTheConnection()
    {
        var answer = await SayAsync(Head + "Content-Length: 1000\r\n\r\n{\"jsonrpc\"", close: true);

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await SayAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_HalfClosedWhileItsStreamRuns_IsTheEndOfTheCall()
    {
        var body = McpWire.Request("tools/call", """{"name":"wait","arguments":{}}""", modern: true);
        var headers = string.Concat(McpWire.ModernHeaders("tools/call", "wait").Select(h => $"{h.Name}: {h.Value}\r\n"));
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _silo.Url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{Head}{headers}Content-Length: {body.Length}\r\n\r\n{body}"));
        await _tool.Called.Task.WaitAsync(Patience);
        client.Client.Shutdown(SocketShutdown.Send);

        Assert.True(await _tool.Ended.Task.WaitAsync(Patience));
        Assert.StartsWith("HTTP/1.1 200", await SayAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    /// <summary>Sends bytes, reads until the silo closes the connection.</summary>
    private async Task<string> SayAsync(string text, bool close = false)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _silo.Url.Port);
        var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
            if (close)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }

            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // Reset: what was read before counts.
        }

        return Encoding.ASCII.GetString(answer.ToArray());
    }
}
