using System.Net;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Hosting;

/// <summary>What is no proper MCP: the right status and code, and no stack trace (<see cref="McpWire.MessageAsync"/>).</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private const int Parse = -32700;
    private const int Invalid = -32600;
    private const int Params = -32602;
    private const int Mismatch = -32020;
    private const int Version = -32022;
    private const int NoMethod = -32601;

    private SiloHost _silo = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _silo = await SiloHost.StartAsync();
        _http = _silo.CreateClient();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
    }

    [Theory]
    [InlineData("", Parse)]
    [InlineData("not json", Parse)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"", Parse)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} {}", Parse)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", Parse)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get_run\",\"name\":\"cancel_run\"}}", Parse)]
    [InlineData("\"\\ud800\"", Invalid)]
    [InlineData("null", Invalid)]
    [InlineData("7", Invalid)]
    [InlineData("[]", Invalid)]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", Invalid)]
    [InlineData("{}", Invalid)]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", Invalid)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", Invalid)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", Invalid)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", Invalid)]
    public async Task Post_NoMessage_IsABadRequest(string body, int code)
    {
        using var response = await _http.PostAsync(body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Post_NestedTooDeep_IsABadRequest()
    {
        using var response = await _http.PostAsync(McpWire.Request("tools/list", "{\"x\":" + new string('[', 100_000) + new string(']', 100_000) + "}"));

        Assert.Equal((HttpStatusCode.BadRequest, Parse), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Post_OverTheCap_Is413()
    {
        using var response = await _http.PostAsync(McpWire.Request("tools/list", "{\"x\":\"" + new string('x', 3 * 1024 * 1024) + "\"}"));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, Invalid), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("Content-Type", "text/plain", HttpStatusCode.UnsupportedMediaType, Invalid)]
    [InlineData("Accept", "application/json", HttpStatusCode.NotAcceptable, Invalid)]
    [InlineData("Accept", "text/event-stream", HttpStatusCode.NotAcceptable, Invalid)]
    [InlineData("Accept", "no;;type,,", HttpStatusCode.NotAcceptable, Invalid)]
    [InlineData("MCP-Protocol-Version", "1999-01-01", HttpStatusCode.BadRequest, Version)]
    [InlineData("Mcp-Session-Id", "forged", HttpStatusCode.NotFound, -32001)]
    public async Task Post_Header_DecidesTheStatus(string name, string value, HttpStatusCode status, int code)
    {
        using var response = await _http.PostAsync(McpWire.Request("tools/list"), (name, value));

        Assert.Equal((status, code), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("tools/list", null, "tools/list", null, HttpStatusCode.OK, 0)]
    [InlineData("tools/list", null, "TOOLS/LIST", null, HttpStatusCode.BadRequest, Mismatch)]
    [InlineData("tools/list", null, null, null, HttpStatusCode.BadRequest, Mismatch)]
    [InlineData("tools/call", "get_run", "tools/call", null, HttpStatusCode.BadRequest, Mismatch)]
    [InlineData("tools/call", "get_run", "tools/call", "cancel_run", HttpStatusCode.BadRequest, Mismatch)]
    [InlineData("tools/call", "list_workflows", "tools/call", "list_workflows", HttpStatusCode.OK, 0)]
    [InlineData("tools/call", "list_workflows", "tools/call", "=?base64?bGlzdF93b3JrZmxvd3M=?=", HttpStatusCode.OK, 0)]
    [InlineData("tools/call", "list_workflows", "tools/call", "=?base64?bGlz!!!", HttpStatusCode.BadRequest, Mismatch)]
    [InlineData("no/such", null, "no/such", null, HttpStatusCode.NotFound, NoMethod)]
    [InlineData("initialize", null, "initialize", null, HttpStatusCode.NotFound, NoMethod)]
    public async Task Post_Modern_HeadersMustSayWhatTheBodySays(string method, string? tool, string? header, string? name, HttpStatusCode status, int code)
    {
        var body = McpWire.Request(method, tool is null ? "{}" : $$"""{"arguments":{},"name":"{{tool}}"}""", modern: true);
        (string, string)[] headers = [("MCP-Protocol-Version", McpWire.Modern), .. header is null ? [] : ((string, string)[])[("Mcp-Method", header)], .. name is null ? [] : ((string, string)[])[("Mcp-Name", name)]];

        using var response = await _http.PostAsync(body, headers);

        Assert.Equal((status, code), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("{}", Params)]
    [InlineData("{\"_meta\":7}", Params)]
    [InlineData("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":7}}", Params)]
    [InlineData("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}", Params)]
    [InlineData("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":[]}}", Params)]
    [InlineData("{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2025-11-25\",\"io.modelcontextprotocol/clientCapabilities\":{}}}", Mismatch)]
    public async Task Post_Modern_EnvelopeMustBeWhole(string parameters, int code)
    {
        using var response = await _http.PostAsync(McpWire.Request("tools/list", parameters, id: "\"seven\""), McpWire.ModernHeaders("tools/list"));
        var message = await response.MessageAsync();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal((code, "seven"), (message.GetProperty("error").GetProperty("code").GetInt32(), message.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Post_ModernBodyWithoutTheVersionHeader_IsAMismatch()
    {
        using var response = await _http.PostAsync(McpWire.Request("tools/list", modern: true), ("Mcp-Method", "tools/list"));

        Assert.Equal((HttpStatusCode.BadRequest, Mismatch), (response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("tools/call", "[]")]
    [InlineData("tasks/get", "[]")]
    [InlineData("tasks/get", "7")]
    [InlineData("notifications/cancelled", "[1]")]
    public async Task Post_ParamsThatAreNoObject_AreInvalidParams(string method, string parameters)
    {
        using var response = await _http.PostAsync(McpWire.Request(method, parameters));

        Assert.Equal((HttpStatusCode.BadRequest, Params), (response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Initialize_WithoutParams_IsInvalidParams()
    {
        using var response = await _http.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"initialize"}""");

        Assert.Equal((HttpStatusCode.BadRequest, Params), (response.StatusCode, await response.CodeAsync()));
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
    }

    [Theory]
    [InlineData("\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}", "\"clientInfo\":null")]
    [InlineData("\"name\":\"t\"", "\"name\":null")]
    [InlineData("\"version\":\"1\"", "\"version\":null")]
    [InlineData("\"capabilities\":{}", "\"capabilities\":null")]
    [InlineData("\"protocolVersion\":\"2025-11-25\"", "\"protocolVersion\":null")]
    public async Task Initialize_WithAMemberThatIsNull_IsInvalidParams(string good, string bad)
    {
        Assert.Contains(good, McpWire.Initialize, StringComparison.Ordinal);
        using var response = await _http.PostAsync(McpWire.Initialize.Replace(good, bad, StringComparison.Ordinal));
        var error = (await response.MessageAsync()).GetProperty("error");

        Assert.Equal((HttpStatusCode.BadRequest, Params), (response.StatusCode, error.GetProperty("code").GetInt32()));
        Assert.Contains("needs protocolVersion, capabilities and clientInfo", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Initialize_WithAVersionThatHasNone_GetsNoSession()
    {
        using var response = await _http.PostAsync(McpWire.Initialize.Replace("2025-11-25", McpWire.Modern, StringComparison.Ordinal));

        Assert.Equal(Version, await response.CodeAsync());
        Assert.False(response.Headers.Contains("Mcp-Session-Id"));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task WithoutSession_OnlyPost(string method)
    {
        using var response = await _http.SendAsync(new HttpMethod(method), null);
        using var modern = await _http.SendAsync(new HttpMethod(method), null, ("MCP-Protocol-Version", McpWire.Modern), ("Mcp-Session-Id", "x"));

        Assert.Equal((HttpStatusCode.MethodNotAllowed, HttpStatusCode.MethodNotAllowed), (response.StatusCode, modern.StatusCode));
        Assert.Equal("POST", string.Join(',', response.Content.Headers.Allow));
    }
}
