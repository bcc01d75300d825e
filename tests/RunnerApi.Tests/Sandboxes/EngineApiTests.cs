using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>Requests against engines that answer otherwise than they should.</summary>
public sealed class EngineApiTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

    public static TheoryData<string> BadAnswers => new(
        "this is no HTTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{",
        "HTTP/1.1 200 OK\r\nX: " + new string('x', 32 * 1024) + "\r\n\r\n",
        "");

    [Fact]
    public async Task SendAsync_Refusal_IsAnAnswerWithTheEnginesWords()
    {
        using var api = Api(new Engine("HTTP/1.1 409 Conflict\r\nContent-Length: 46\r\n\r\n{\"cause\":\"x\",\"message\":\"in use\",\"response\":1}x"));
        var answer = await SendAsync(api);

        Assert.False(answer.Succeeded);
        Assert.Equal(409, (int)answer.Status);
        Assert.Equal("plain", new EngineAnswer(answer.Status, Encoding.UTF8.GetBytes("plain")).Words);
        Assert.Equal("in use", new EngineAnswer(answer.Status, answer.Body[..^1]).Words);
    }

    [Theory]
    [InlineData("""{"images":["a"],"id":"a"}""", true, "")]
    [InlineData("""{"error":"denied"}""", false, "denied")]
    [InlineData("""{"id":""}""", false, "")]
    [InlineData("""{"id":1,"error":2}""", false, "")]
    [InlineData("""["id"]""", false, "")]
    [InlineData("null", false, "")]
    [InlineData("no JSON", false, "no JSON")]
    [InlineData("", false, "")]
    public void Names_AnswerToAPull_IsTrueForAnImageAlone(string body, bool names, string words)
    {
        var answer = new EngineAnswer(HttpStatusCode.OK, Encoding.UTF8.GetBytes(body));

        Assert.Equal((names, words), (answer.Names("id"), answer.Words));
    }

    [Theory]
    [MemberData(nameof(BadAnswers))]
    public async Task SendAsync_AnswerThatIsNone_IsEngineUnavailable(string answer)
    {
        using var api = Api(new Engine(answer));
        var e = await Assert.ThrowsAsync<SandboxException>(() => SendAsync(api));

        Assert.Equal(SandboxFault.EngineUnavailable, e.Fault);
        Assert.Contains("podman info", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[{\"Id\":1}]")]
    [InlineData("[{}]")]
    [InlineData("[null]")]
    [InlineData("[{\"Id\":\"a\"}")]
    public async Task IdsAsync_ListOfAnotherForm_IsEngineUnavailable(string body)
    {
        using var api = Api(new Engine($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        var e = await Assert.ThrowsAsync<SandboxException>(() => api.IdsAsync("list", "/x", 5, CancellationToken.None));
        Assert.Equal(SandboxFault.EngineUnavailable, e.Fault);
    }

    [Fact]
    public async Task SendAsync_ConnectionRefusedOnce_IsMadeReadyAndAskedAgain()
    {
        var engine = new Engine(Ok) { Refusals = 1 };
        using var api = Api(engine);

        Assert.True((await SendAsync(api)).Succeeded);
        Assert.Equal([false, true], engine.Readied);
    }

    [Fact]
    public async Task SendAsync_ConnectionRefusedAgain_IsEngineUnavailable()
    {
        using var api = Api(new Engine(Ok) { Refusals = 2 });
        Assert.Equal(SandboxFault.EngineUnavailable, (await Assert.ThrowsAsync<SandboxException>(() => SendAsync(api))).Fault);
    }

    [Fact]
    public async Task SendAsync_AnswerThatBreaksOff_IsNotAskedAgain()
    {
        var engine = new Engine("");
        using var api = Api(engine);
        await Assert.ThrowsAsync<SandboxException>(() => SendAsync(api));

        // A request that was taken may have been carried out.
        Assert.Equal(1, engine.Connections);
    }

    [Fact]
    public async Task SendAsync_ReadingThatBreaksOff_IsAskedAgain()
    {
        var engine = new Engine("");
        using var api = Api(engine);
        await Assert.ThrowsAsync<SandboxException>(() => api.SendAsync("inspect", HttpMethod.Get, "/x", 5, CancellationToken.None));

        Assert.Equal([false, true], engine.Readied);
    }

    [Fact]
    public async Task UpgradeAsync_Accepted_GivesAStreamOfTwoWays()
    {
        var engine = new Engine("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout") { Open = true };
        using var api = Api(engine);
        var (stream, refusal) = await api.UpgradeAsync("attach", "/x", 5, CancellationToken.None);

        Assert.Null(refusal);
        await using (stream)
        {
            var read = new byte[3];
            await stream!.Stream.ReadExactlyAsync(read);
            Assert.Equal("out", Encoding.UTF8.GetString(read));
            await stream.Stream.WriteAsync("in\n"u8.ToArray());
            Assert.EndsWith("in\n", await engine.ReadAsync("in\n"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UpgradeAsync_Refused_IsAnAnswer()
    {
        using var api = Api(new Engine("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"message\":\"a\"}"));
        var (stream, refusal) = await api.UpgradeAsync("attach", "/x", 5, CancellationToken.None);

        Assert.Null(stream);
        Assert.Equal("a", refusal!.Words);
    }

    private static EngineApi Api(Engine engine) => new("podman", engine, TimeProvider.System);

    private static Task<EngineAnswer> SendAsync(EngineApi api) => api.SendAsync("inspect", HttpMethod.Post, "/x", 5, CancellationToken.None);

    /// <summary>Answers each connection with the same bytes.</summary>
    private sealed class Engine(string answer) : IEngineSocket
    {
        private readonly Pipe _received = new();

        public int Refusals { get; set; }

        public int Connections { get; private set; }

        public bool Open { get; init; }

        public List<bool> Readied { get; } = [];

        public Task ReadyAsync(bool refused, CancellationToken cancellationToken)
        {
            Readied.Add(refused);
            return Task.CompletedTask;
        }

        public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
        {
            if (Refusals > 0)
            {
                Refusals--;
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            Connections++;
            var sent = new Pipe();
            await sent.Writer.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
            if (!Open)
            {
                await sent.Writer.CompleteAsync();
            }

            return new TwoWays(sent.Reader.AsStream(), _received.Writer.AsStream());
        }

        /// <summary>What was received, until it ends so.</summary>
        public async Task<string> ReadAsync(string end)
        {
            var text = "";
            while (!text.EndsWith(end, StringComparison.Ordinal))
            {
                var result = await _received.Reader.ReadAsync();
                text += Encoding.UTF8.GetString(result.Buffer);
                _received.Reader.AdvanceTo(result.Buffer.End);
            }

            return text;
        }
    }

    private sealed class TwoWays(Stream input, Stream output) : StdioStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => input.ReadAsync(buffer, offset, count, cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => output.WriteAsync(buffer, offset, count, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await output.WriteAsync(buffer, cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
    }
}
