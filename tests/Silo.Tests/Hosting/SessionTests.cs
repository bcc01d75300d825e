using System.Net;
using System.Text.Json;
using Actors.Silo.Mcp;
using Actors.Silo.Mcp.Hosting;
using Actors.Silo.Tests.Support;
using Actors.Testing;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Tests.Hosting;

/// <summary>Sessions over HTTP: begin, go on, come back, end; and calls that their clients give up.</summary>
public sealed class SessionTests : IAsyncLifetime
{
    private const string Wait = """{"name":"wait","arguments":{}}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly WaitingTool _tool = new();
    private readonly FailingEnd _failing = new();
    private SiloHost _silo = null!;
    private HttpClient _http = null!;

    private McpSessions Sessions => _silo.Services.GetRequiredService<McpSessions>();

    public async Task InitializeAsync()
    {
        _silo = await SiloHost.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["MaxSessions"] = "50" },
            builder => builder.Services.AddSingleton<IMcpFeature>(_tool).AddSingleton<IMcpFeature>(_failing));
        _http = _silo.CreateClient();
    }

    public async Task DisposeAsync()
    {
        _tool.Go.TrySetResult();
        _http.Dispose();
        await _silo.DisposeAsync();
    }

    [Fact]
    public async Task Session_PutAway_ComesBackByItsId()
    {
        var session = await _http.InitializeAsync();
        await Sessions.SweepAsync(TimeSpan.Zero);
        Assert.Equal(0, Sessions.Count);

        using var response = await _http.PostAsync(McpWire.Request("tools/list"), session);

        Assert.Equal(0, await response.CodeAsync());
        Assert.Equal(1, Sessions.Count);
    }

    [Fact]
    public async Task Delete_Session_EndsItForGood()
    {
        var session = await _http.InitializeAsync();
        using var deleted = await _http.SendAsync(HttpMethod.Delete, null, session);
        using var after = await _http.PostAsync(McpWire.Request("tools/list"), session);
        using var again = await _http.SendAsync(HttpMethod.Delete, null, session);
        using var stream = await _http.SendAsync(HttpMethod.Get, null, session);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal((HttpStatusCode.NotFound, McpFault.UnknownSession), (after.StatusCode, await after.CodeAsync()));
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (again.StatusCode, stream.StatusCode));
    }

    [Fact]
    public async Task Post_IdInFlight_IsRefusedAndFreeAfterwards()
    {
        var session = await _http.InitializeAsync();
        using var waiting = await _http.PostAsync(McpWire.Request("tools/call", Wait, id: "7"), session);
        await _tool.Called.Task;

        using var twice = await _http.PostAsync(McpWire.Request("tools/list", id: "7"), session);
        _tool.Go.SetResult();
        Assert.Equal(0, await waiting.CodeAsync());
        using var later = await _http.PostAsync(McpWire.Request("tools/list", id: "7"), session);

        Assert.Equal((HttpStatusCode.BadRequest, -32600), (twice.StatusCode, await twice.CodeAsync()));
        Assert.Equal(0, await later.CodeAsync());
    }

    [Fact]
    public async Task Post_MoreThanACallerMayHaveInFlight_Is429()
    {
        var session = await _http.InitializeAsync();
        var waiting = new List<HttpResponseMessage>();
        for (var id = 1; id <= McpSession.MostCalls; id++)
        {
            waiting.Add(await _http.PostAsync(McpWire.Request("tools/call", Wait, id: id.ToString(System.Globalization.CultureInfo.InvariantCulture)), session));
        }

        using var refused = await _http.PostAsync(McpWire.Request("tools/list", id: "1000"), session);
        waiting.ForEach(w => w.Dispose());

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Cancelled_InASession_ReachesTheCallAndEndsItsResponse()
    {
        var session = await _http.InitializeAsync();
        using var waiting = await _http.PostAsync(McpWire.Request("tools/call", Wait, id: "7"), session, ("MCP-Protocol-Version", "2025-11-25"));
        await _tool.Called.Task;

        using var cancel = await _http.PostAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}""", session);

        Assert.Equal(HttpStatusCode.Accepted, cancel.StatusCode);
        Assert.True(await _tool.Ended.Task);
        var stream = await waiting.Content.ReadAsStringAsync().WaitAsync(Patience);
        Assert.DoesNotContain("\"jsonrpc\"", stream, StringComparison.Ordinal);

        // Nothing is kept of it, and nobody uses the session any more.
        using var resumed = await _http.SendAsync(HttpMethod.Get, null, session, ("Last-Event-ID", stream.Split('\n').First(l => l.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..]));
        Assert.Equal(HttpStatusCode.BadRequest, resumed.StatusCode);
        await Poll.UntilAsync(async () =>
        {
            await Sessions.SweepAsync(TimeSpan.Zero);
            return Sessions.Count == 0;
        });
    }

    [Fact]
    public async Task Sweep_SessionThatCannotBeDisposed_PutsTheOthersAway()
    {
        await _http.InitializeAsync();
        var bad = await _http.InitializeAsync();
        using var initialized = await _http.PostAsync("""{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":{"fail":true}}}""", bad);
        await _failing.Registered.Task;
        await _http.InitializeAsync();

        await Sessions.SweepAsync(TimeSpan.Zero);

        Assert.Equal(0, Sessions.Count);
    }

    [Fact]
    public async Task ClosedResponse_InASession_LeavesTheCallAndIsResumed()
    {
        var session = await _http.InitializeAsync();
        string last;
        using (var waiting = await _http.PostAsync(McpWire.Request("tools/call", Wait, id: "7"), session, ("MCP-Protocol-Version", "2025-11-25")))
        {
            using var reader = new StreamReader(await waiting.Content.ReadAsStreamAsync());
            while (!(last = (await reader.ReadLineAsync())!).StartsWith("id: ", StringComparison.Ordinal))
            {
            }

            await _tool.Called.Task;
        }

        _tool.Go.SetResult();
        using var resumed = await _http.SendAsync(HttpMethod.Get, null, session, ("Last-Event-ID", last["id: ".Length..]), ("Accept", "text/event-stream"));

        Assert.Equal(7, (await resumed.MessageAsync()).GetProperty("id").GetInt32());
        Assert.False(await _tool.Ended.Task);
    }

    // 404 would tell clients that the session has ended.
    [Theory]
    [InlineData("nonsense", HttpStatusCode.BadRequest)]
    [InlineData("g-1-2", HttpStatusCode.BadRequest)]
    [InlineData("p0123456789abcdef-1", HttpStatusCode.BadRequest)]
    [InlineData("g0123456789abcdef-1", HttpStatusCode.OK)]
    public async Task Get_UnknownEvent_IsTheSessionsStreamAnewOrRefused(string eventId, HttpStatusCode expected)
    {
        var session = await _http.InitializeAsync();

        using var response = await _http.SendAsync(HttpMethod.Get, null, session, ("Last-Event-ID", eventId));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Get_EventOfAnotherSilo_GoesOnWithAStreamOfThisOne()
    {
        using var folder = new TestFolder();
        var key = new Dictionary<string, string>(StringComparer.Ordinal) { ["SessionKeyFile"] = folder.Write("key", new string('k', 64)) };
        await using var one = await SiloHost.StartAsync(key);
        await using var two = await SiloHost.StartAsync(key);
        using var first = one.CreateClient();
        using var second = two.CreateClient();
        var session = await first.InitializeAsync();
        using var initialized = await first.PostAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", session);
        string last;
        using (var stream = await first.SendAsync(HttpMethod.Get, null, session, ("MCP-Protocol-Version", "2025-11-25")))
        {
            using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync());
            while (!(last = (await reader.ReadLineAsync().WaitAsync(Patience))!).StartsWith("id: ", StringComparison.Ordinal))
            {
            }
        }

        using var there = await second.SendAsync(HttpMethod.Get, null, session, ("Last-Event-ID", last["id: ".Length..]));
        using var here = await first.SendAsync(HttpMethod.Get, null, session, ("Last-Event-ID", last["id: ".Length..]));
        using var call = await second.PostAsync(McpWire.Request("tools/list"), session);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (there.StatusCode, here.StatusCode));
        Assert.Equal(0, await call.CodeAsync());
    }

    [Fact]
    public async Task ClosedResponse_Since2026_IsTheClientsWish()
    {
        using var gone = new CancellationTokenSource();
        var body = McpWire.Request("tools/call", Wait, modern: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/mcp", UriKind.Relative)) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        foreach (var (name, value) in McpWire.ModernHeaders("tools/call", "wait"))
        {
            request.Headers.Add(name, value);
        }

        var call = _http.SendAsync(request, gone.Token);
        await _tool.Called.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.True(await _tool.Ended.Task);
    }

    /// <summary>A session whose end throws, if its client's first word asks for it.</summary>
    private sealed class FailingEnd : IMcpFeature
    {
        private const string Text = "fail";

        public TaskCompletionSource Registered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Configure(McpServerOptions options) => options.Filters.Message.IncomingFilters.Add(next => (message, cancellationToken) =>
        {
            if (message.JsonRpcMessage is JsonRpcNotification { Method: NotificationMethods.InitializedNotification, Params: { } parameters } && parameters["_meta"]?[Text] is not null)
            {
                cancellationToken.Register(() => throw new InvalidOperationException("on purpose"));
                Registered.TrySetResult();
            }

            return next(message, cancellationToken);
        });
    }
}
