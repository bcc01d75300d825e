using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Actors.Cli.Stdio;

/// <summary>A silo's <c>/mcp</c>: puts on the headers that a message asks for.</summary>
internal sealed class SiloEndpoint(HttpClient http, Uri url)
{
    private const string ModernVersion = "2026-07-28";

    public Uri Url => url;

    /// <summary>The session that <c>initialize</c> began, if it did.</summary>
    public string? Session { get; set; }

    /// <summary>The version that it agreed on.</summary>
    public string? Version { get; set; }

    /// <summary>Whether the message is of the era without sessions.</summary>
    public static bool IsModern(JsonObject message) => Text((message["params"] as JsonObject)?["_meta"], "io.modelcontextprotocol/protocolVersion") == ModernVersion;

    /// <summary>A member that is text; null when it is not, or the node is no object.</summary>
    public static string? Text(JsonNode? node, string name) => (node as JsonObject)?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Posts a message; the answer's headers are there.</summary>
    public Task<HttpResponseMessage> PostAsync(JsonObject message, CancellationToken cancellationToken)
    {
        var request = Request(HttpMethod.Post);
        request.Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json");
        if (IsModern(message) || (Session is null && message["id"] is null))
        {
            request.Headers.Remove("Mcp-Session-Id");
            request.Headers.Remove("MCP-Protocol-Version");
            request.Headers.Add("MCP-Protocol-Version", ModernVersion);
            request.Headers.TryAddWithoutValidation("Mcp-Method", Text(message, "method"));
            if (Name(message) is { } name)
            {
                request.Headers.TryAddWithoutValidation("Mcp-Name", McpHeaderEncoder.EncodeValue(name));
            }
        }

        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Opens the session's stream, or goes on with one after an event.</summary>
    public Task<HttpResponseMessage> GetAsync(string? lastEventId, CancellationToken cancellationToken)
    {
        var request = Request(HttpMethod.Get);
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Ends the session.</summary>
    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Request(HttpMethod.Delete), cancellationToken);
    }

    private static string? Name(JsonObject message) => Text(message, "method") switch
    {
        "tools/call" or "prompts/get" => Text(message["params"], "name"),
        "resources/read" => Text(message["params"], "uri"),
        "tasks/get" or "tasks/update" or "tasks/cancel" => Text(message["params"], "taskId"),
        _ => null,
    };

    private HttpRequestMessage Request(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (Session is { } session)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", session);
        }

        if (Version is { } version)
        {
            request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", version);
        }

        return request;
    }
}
