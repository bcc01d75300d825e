using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Actors.Cli.Stdio;
using Actors.Silo.Mcp;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Tests.Hosting;

/// <summary>A local client's pipes against a real silo.</summary>
public sealed class StdioBridgeTests
{
    private const string Initialized = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task MalformedMessages_AreAnsweredAndTheNextIsServed()
    {
        await using var silo = await SiloHost.StartAsync();
        string[] lines =
        [
            """{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}""",
            """{"jsonrpc":"2.0","id":2,"method":7}""",
            """{"jsonrpc":"2.0","id":3,"id":3,"method":"ping"}""",
            """{"jsonrpc":"2.0","id":4,"method":"ping","params":{"_meta":[1]}}""",
            """{"jsonrpc":"2.0","method":"notifications/cancelled","params":[4]}""",
            """{"jsonrpc":"2.0","id":5,"method":"\ud800"}""",
            """{"jsonrpc":"2.0","id":"\ud800","method":"ping"}""",
            """{"jsonrpc":"2.0","id":6,"method":"tools/list","params":{}}""",
        ];

        var answers = await BridgeAsync(silo, lines);

        Assert.Equal(["", "", "1", "2", "4", "5", "6"], answers.Select(a => a["id"]?.ToJsonString() ?? "").Order(StringComparer.Ordinal));
        Assert.NotNull(answers.Single(a => a["id"]?.ToJsonString() == "6")["result"]);
        Assert.Equal([-32700, -32600], answers.Where(a => a["id"] is null).Select(a => a["error"]!["code"]!.GetValue<int>()).Order());
    }

    private static async Task<IReadOnlyList<JsonNode>> BridgeAsync(SiloHost silo, string[] lines)
    {
        using var http = silo.CreateClient();
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var pipe = new Pipe();
        await using var bridge = Bridge(http, pipe);
        await bridge.RunAsync(MessageLines.ReadAsync(input, CancellationToken.None), CancellationToken.None).WaitAsync(Patience);
        using var reader = new StreamReader(pipe.Reader.AsStream());
        var answers = new List<JsonNode>();
        while (answers.Count < lines.Length - 1)
        {
            answers.Add(JsonNode.Parse((await reader.ReadLineAsync().WaitAsync(Patience))!)!);
        }

        return answers;
    }

    [Fact]
    public async Task Cancelled_MoreCallsThanMayBeInFlight_LeavesRoomAndAnswersNone()
    {
        var tool = new HoldTool();
        await using var silo = await SiloHost.StartAsync(configure: builder => builder.Services.AddSingleton<IMcpFeature>(tool));
        await using var client = new Client(silo.CreateClient());
        await client.InitializeAsync();
        for (var call = 1; call <= StdioBridge.MostCalls + 6; call++)
        {
            var id = call.ToString(CultureInfo.InvariantCulture);
            await client.SayAsync(McpWire.Request("tools/call", """{"name":"hold","arguments":{}}""", id: id));
            Assert.Equal("begun", await tool.NextAsync());
            await client.SayAsync($$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{id}}} }""");
            Assert.Equal("cancelled", await tool.NextAsync());
        }

        await client.SayAsync(McpWire.Request("tools/list", id: "1000"));
        var answer = await client.HearAsync();

        Assert.Equal("1000", answer["id"]!.ToJsonString());
        Assert.NotNull(answer["result"]);
    }

    [Fact]
    public async Task SessionLost_ManyCallsAtOnce_BeginOneNewSession()
    {
        await using var silo = await SiloHost.StartAsync();
        var lost = new LosingHandler(silo.CreateHandler(), refuse: false);
        await using var client = new Client(new HttpClient(lost) { BaseAddress = new Uri("http://localhost") });
        await client.InitializeAsync();
        lost.Lose(LosingHandler.Together);
        for (var id = 1; id <= LosingHandler.Together; id++)
        {
            await client.SayAsync(McpWire.Request("tools/list", id: id.ToString(CultureInfo.InvariantCulture)));
        }

        for (var id = 1; id <= LosingHandler.Together; id++)
        {
            Assert.NotNull((await client.HearAsync())["result"]);
        }

        Assert.Equal(2, lost.Begun);
    }

    [Fact]
    public async Task SessionLost_AndNoneBegun_SaysSo()
    {
        await using var silo = await SiloHost.StartAsync();
        var lost = new LosingHandler(silo.CreateHandler(), refuse: true);
        await using var client = new Client(new HttpClient(lost) { BaseAddress = new Uri("http://localhost") });
        await client.InitializeAsync();
        lost.Lose(1);
        await client.SayAsync(McpWire.Request("tools/list", id: "1"));

        Assert.Contains("answered 503 without a new one", (await client.HearAsync())["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static StdioBridge Bridge(HttpClient http, Pipe output) => new(new SiloEndpoint(http, new Uri("/mcp", UriKind.Relative)), new MessageWriter(output.Writer.AsStream()));

    /// <summary>A client of 2025-11-25 with the bridge behind its pipes.</summary>
    private sealed class Client : IAsyncDisposable
    {
        private readonly Pipe _input = new();
        private readonly Pipe _output = new();
        private readonly HttpClient _http;
        private readonly StdioBridge _bridge;
        private readonly StreamReader _answers;
        private readonly Task _running;

        public Client(HttpClient http)
        {
            _http = http;
            _bridge = Bridge(http, _output);
            _answers = new StreamReader(_output.Reader.AsStream());
            _running = _bridge.RunAsync(MessageLines.ReadAsync(_input.Reader.AsStream(), CancellationToken.None), CancellationToken.None);
        }

        public async Task InitializeAsync()
        {
            await SayAsync(McpWire.Initialize);
            Assert.NotNull((await HearAsync())["result"]);
            await SayAsync(Initialized);
        }

        public async Task SayAsync(string line) => await _input.Writer.WriteAsync(Encoding.UTF8.GetBytes(line.ReplaceLineEndings(" ") + "\n"));

        public async Task<JsonNode> HearAsync() => JsonNode.Parse((await _answers.ReadLineAsync().WaitAsync(Patience))!)!;

        public async ValueTask DisposeAsync()
        {
            await _input.Writer.CompleteAsync();
            await _running.WaitAsync(Patience);
            await _bridge.DisposeAsync();
            _answers.Dispose();
            _http.Dispose();
        }
    }

    /// <summary>Answers the next requests of a session as a silo that lost it: all of them before any goes on.</summary>
    private sealed class LosingHandler(HttpMessageHandler inner, bool refuse) : DelegatingHandler(inner)
    {
        public const int Together = 8;

        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left;
        private int _begun;

        /// <summary>Sessions that were asked for.</summary>
        public int Begun => Volatile.Read(ref _begun);

        public void Lose(int requests) => Volatile.Write(ref _left, requests);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            if (body.Contains("\"initialize\"", StringComparison.Ordinal) && Interlocked.Increment(ref _begun) > 1 && refuse)
            {
                return new HttpResponseMessage(System.Net.HttpStatusCode.ServiceUnavailable) { Content = new StringContent("") };
            }

            if (!body.Contains("tools/list", StringComparison.Ordinal) || Volatile.Read(ref _left) <= 0)
            {
                return await base.SendAsync(request, cancellationToken);
            }

            if (Interlocked.Decrement(ref _left) == 0)
            {
                _all.SetResult();
            }

            await _all.Task.WaitAsync(cancellationToken);
            return new HttpResponseMessage(System.Net.HttpStatusCode.NotFound) { Content = new StringContent("") };
        }
    }

    /// <summary>A tool that holds each call until it is cancelled.</summary>
    private sealed class HoldTool : McpServerTool, IMcpFeature
    {
        private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

        public override Tool ProtocolTool { get; } = new() { Name = "hold", Description = "Holds.", InputSchema = JsonElement.Parse("""{"type":"object"}""") };

        public override IReadOnlyList<object> Metadata => [];

        public void Configure(McpServerOptions options) => (options.ToolCollection ??= []).Add(this);

        public async Task<string> NextAsync() => await _events.Reader.ReadAsync().AsTask().WaitAsync(Patience);

        public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
        {
            _events.Writer.TryWrite("begun");
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return new CallToolResult { Content = [] };
            }
            finally
            {
                _events.Writer.TryWrite("cancelled");
            }
        }
    }
}
