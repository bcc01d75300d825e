using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>The endpoint over plain HTTP: what it takes and what it refuses.</summary>
[Collection(DeploymentTests.Name)]
public sealed class McpEndpointTests(Deployment deployment) : IDisposable
{
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Post_ToolsList_GivesEveryToolWithSchemasAndAnnotations()
    {
        using var response = await PostAsync(ListTools);
        var body = await response.Content.ReadAsStringAsync();
        var data = body.Split('\n').Single(l => l.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..];
        var tools = JsonElement.Parse(data).GetProperty("result").GetProperty("tools").EnumerateArray().ToList();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            ["approve_run", "cancel_run", "get_run", "get_run_trace", "list_runs", "list_workflows", "run_workflow", "signal_run", "wait_run"],
            tools.Select(t => t.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(tools, t =>
        {
            Assert.Equal("object", t.GetProperty("inputSchema").GetProperty("type").GetString());
            Assert.Equal("object", t.GetProperty("outputSchema").GetProperty("type").GetString());
            Assert.True(t.GetProperty("annotations").TryGetProperty("readOnlyHint", out _));
            Assert.True(t.GetProperty("description").GetString()!.Length > 40);
        });
    }

    [Fact]
    public async Task Post_Notification_IsAccepted()
    {
        using var response = await PostAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("not json", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    public async Task Post_NoMessage_IsABadRequest(string body, HttpStatusCode status)
    {
        using var response = await PostAsync(body);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Post_BodyOverTheCap_IsRefusedWithTheFix()
    {
        using var response = await PostAsync($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"{{{new string('x', 3 * 1024 * 1024)}}}"}}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("256 KiB", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Accept", "application/json", HttpStatusCode.NotAcceptable)]
    [InlineData("MCP-Protocol-Version", "1999-01-01", HttpStatusCode.BadRequest)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Host", "evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://localhost:5173", HttpStatusCode.OK)]
    public async Task Post_Header_DecidesTheStatus(string name, string value, HttpStatusCode status)
    {
        using var response = await PostAsync(ListTools, request =>
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        });

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Get_Session_IsNotAllowed()
    {
        using var response = await _http.GetAsync(deployment.McpUrl);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("POST", string.Join(',', response.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("run_workflow", """{"workflow_id":"nowhere"}""", "unknown_workflow")]
    [InlineData("run_workflow", """{"workflow_id":7}""", "invalid_arguments")]
    [InlineData("run_workflow", """{"workflow_id":"who","params":[]}""", "invalid_arguments")]
    [InlineData("get_run", """{"run_id":"run-nonsense"}""", "unknown_run")]
    [InlineData("get_run", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a"}""", "unknown_run")]
    [InlineData("wait_run", """{"run_id":"x","timeout_seconds":9999}""", "invalid_arguments")]
    [InlineData("cancel_run", "{}", "invalid_arguments")]
    [InlineData("approve_run", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a","step":"ok","decision":"maybe"}""", "invalid_arguments")]
    [InlineData("approve_run", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a","step":"ok","decision":"approve"}""", "unknown_run")]
    [InlineData("signal_run", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a","name":"go","payload":null}""", "invalid_arguments")]
    [InlineData("signal_run", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a","name":"go"}""", "unknown_run")]
    [InlineData("list_runs", """{"limit":0}""", "invalid_arguments")]
    [InlineData("list_runs", """{"cursor":"nonsense"}""", "invalid_cursor")]
    [InlineData("get_run_trace", """{"run_id":"run-01m81z7bstsr87te87rr5shr8a"}""", "unknown_run")]
    public async Task Call_BadInput_IsATypedError(string tool, string arguments, string code)
    {
        var content = await deployment.CallAsync(tool, JsonElement.Parse(arguments));

        Assert.Equal(code, content.GetProperty("error").GetProperty("code").GetString());
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> PostAsync(string body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, deployment.McpUrl) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        change?.Invoke(request);
        return await _http.SendAsync(request);
    }
}
