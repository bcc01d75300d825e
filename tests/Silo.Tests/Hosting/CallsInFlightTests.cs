using System.Net;
using Actors.Access.Tokens;
using Actors.Silo.Mcp;
using Actors.Silo.Mcp.Resources;
using Actors.Silo.Tests.Support;
using Actors.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Silo.Tests.Hosting;

/// <summary>How much one caller can keep busy at once, in both eras.</summary>
public sealed class CallsInFlightTests : IDisposable
{
    private const string Wait = """{"name":"wait","arguments":{}}""";
    private readonly TestFolder _folder = new();
    private readonly WaitingTool _tool = new();
    private readonly (string, string) _ann;
    private readonly (string, string) _bob;
    private readonly string _tokens;

    public CallsInFlightTests()
    {
        var (ann, bob) = (StaticToken.New(), StaticToken.New());
        _tokens = _folder.Write("tokens", $"{StaticToken.Line("ann", [], ann)}\n{StaticToken.Line("bob", [], bob)}");
        _ann = ("Authorization", $"Bearer {ann}");
        _bob = ("Authorization", $"Bearer {bob}");
    }

    [Fact]
    public async Task Post_CallerWithAllItsCallsInFlight_Is429_AndOthersBeginSessions()
    {
        await using var silo = await StartAsync();
        using var http = silo.CreateClient();
        var one = await BeginAsync(http, _ann);
        var two = await BeginAsync(http, _ann);
        using var session = await http.PostAsync(McpWire.Request("tools/call", Wait, id: "1"), one, _ann);
        using var stream = await http.SendAsync(HttpMethod.Get, null, two, _ann);
        await _tool.Called.Task;

        using var third = await http.PostAsync(McpWire.Initialize, _ann);
        using var modern = await http.PostAsync(McpWire.Request("tools/list", modern: true), [.. McpWire.ModernHeaders("tools/list"), _ann]);
        using var get = await http.SendAsync(HttpMethod.Get, null, one, _ann);
        using var bobs = await http.PostAsync(McpWire.Initialize, _bob);

        Assert.All([third, modern, get], r => Assert.Equal(HttpStatusCode.TooManyRequests, r.StatusCode));
        Assert.Equal(TimeSpan.FromSeconds(1), third.Headers.RetryAfter!.Delta);
        Assert.Equal(-32600, await third.CodeAsync());
        Assert.Equal(HttpStatusCode.OK, bobs.StatusCode);
    }

    [Fact]
    public async Task Post_CallWhoseConnectionBroke_KeepsItsPlaceUntilItIsCancelled()
    {
        await using var silo = await StartAsync();
        using var http = silo.CreateClient();
        var one = await BeginAsync(http, _ann);
        using var stream = await http.SendAsync(HttpMethod.Get, null, one, _ann);
        using (await http.PostAsync(McpWire.Request("tools/call", Wait, id: "1"), one, _ann))
        {
            await _tool.Called.Task;
        }

        using var refused = await http.PostAsync(McpWire.Request("tools/list", id: "2"), one, _ann);
        using var cancel = await http.PostAsync("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""", one, _ann);

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.Accepted), (refused.StatusCode, cancel.StatusCode));
        await Poll.UntilAsync(async () =>
        {
            using var again = await http.PostAsync(McpWire.Request("tools/list", id: "3"), one, _ann);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task Read_MoreLargeArtifactsThanMayBeUnderWay_IsRefusedUntilOneIsOver()
    {
        await using var silo = await TestWorkflows.StartSiloAsync(("MaxResultBytes", "65536"));
        using var http = silo.CreateClient();
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var run = await client.StartAsync(TestWorkflows.Large, new { text = new string('x', 200_000) });
        await client.WaitingAsync(run);
        await client.ToolAsync("signal_run", new { run_id = run, name = "go" });
        await client.ToolAsync("wait_run", new { run_id = run });
        var read = McpWire.Request("resources/read", $$"""{"uri":"run://{{run}}/artifacts/output.json"}""");
        var unread = new List<HttpResponseMessage>();
        for (var i = 0; i < LargeAnswers.MostPerCaller; i++)
        {
            unread.Add(await http.PostAsync(read));

            // The headers may come before the answer: its beginning tells that it is under way.
            await (await unread[i].Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1024]);
        }

        using var refused = await http.PostAsync(read);
        Assert.Contains("artifacts_busy", (await refused.MessageAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await (await unread[0].Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null);
        unread[1].Dispose();
        await Poll.UntilAsync(async () =>
        {
            using var again = await http.PostAsync(read);
            return await again.CodeAsync() == 0;
        });
    }

    public void Dispose()
    {
        _tool.Go.TrySetResult();
        _folder.Dispose();
    }

    private static async Task<(string, string)> BeginAsync(HttpClient http, (string, string) token)
    {
        using var begun = await http.PostAsync(McpWire.Initialize, token);
        await begun.Content.ReadAsStringAsync();
        return ("Mcp-Session-Id", begun.Headers.GetValues("Mcp-Session-Id").Single());
    }

    private Task<SiloHost> StartAsync() => SiloHost.StartAsync(
        new Dictionary<string, string>(StringComparer.Ordinal) { ["MaxCallsPerCaller"] = "2", ["CallerTokensFile"] = _tokens },
        builder => builder.Services.AddSingleton<IMcpFeature>(_tool));
}
