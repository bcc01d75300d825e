using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Actors.Silo.Tests.Support;

/// <summary>Single MCP messages over plain HTTP.</summary>
internal static class McpPost
{
    /// <summary>Calls a tool; the answer as it comes.</summary>
    public static Task<HttpResponseMessage> CallAsync(this HttpClient http, string tool, object arguments, string? token = null) =>
        http.PostMcpAsync(JsonSerializer.Serialize(new { jsonrpc = "2.0", id = 1, method = "tools/call", @params = new { name = tool, arguments } }), token);

    /// <summary>Posts a body as an MCP message.</summary>
    public static Task<HttpResponseMessage> PostMcpAsync(this HttpClient http, string body, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/mcp", UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return http.SendAsync(request);
    }

    /// <summary>The structured content of a tool's answer: the value, or <c>{ error }</c>.</summary>
    public static async Task<JsonElement> ContentAsync(this HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var data = body.Split('\n').Last(l => l.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..];
        return JsonElement.Parse(data).GetProperty("result").GetProperty("structuredContent");
    }
}
