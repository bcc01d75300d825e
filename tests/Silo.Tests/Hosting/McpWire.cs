using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Actors.Silo.Tests.Hosting;

/// <summary>MCP messages with any headers.</summary>
internal static class McpWire
{
    public const string Modern = "2026-07-28";
    private const string Meta = """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}""";

    public const string Initialize =
        """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    /// <summary>A request with or without the envelope of 2026-07-28.</summary>
    public static string Request(string method, string parameters = "{}", bool modern = false, string id = "1") =>
        $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{Params(parameters, modern)}} }""";

    private static string Params(string parameters, bool modern) => !modern ? parameters : parameters == "{}" ? $$"""{"_meta":{{Meta}} }""" : $$"""{{parameters[..^1]}},"_meta":{{Meta}} }""";

    /// <summary>Sends a body; the answer's headers are read.</summary>
    public static Task<HttpResponseMessage> PostAsync(this HttpClient http, string body, params (string Name, string Value)[] headers) => SendAsync(http, HttpMethod.Post, body, headers);

    public static async Task<HttpResponseMessage> SendAsync(this HttpClient http, HttpMethod method, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri("/mcp", UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
            {
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
                continue;
            }

            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>The headers of a request since 2026-07-28.</summary>
    public static (string Name, string Value)[] ModernHeaders(string method, string? name = null) =>
        [("MCP-Protocol-Version", Modern), ("Mcp-Method", method), .. name is null ? [] : ((string, string)[])[("Mcp-Name", name)]];

    /// <summary>Begins a session and gives the header that names it.</summary>
    public static async Task<(string Name, string Value)> InitializeAsync(this HttpClient http)
    {
        using var response = await http.PostAsync(Initialize);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return ("Mcp-Session-Id", response.Headers.GetValues("Mcp-Session-Id").Single());
    }

    /// <summary>The answer, be it plain JSON or the last message of a stream.</summary>
    public static async Task<JsonElement> MessageAsync(this HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        return JsonElement.Parse(body.Split('\n').LastOrDefault(l => l.StartsWith("data: {", StringComparison.Ordinal))?["data: ".Length..] ?? body);
    }

    /// <summary>The code of an error answer; 0 for a result.</summary>
    public static async Task<int> CodeAsync(this HttpResponseMessage response) =>
        (await response.MessageAsync()).TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : 0;
}
