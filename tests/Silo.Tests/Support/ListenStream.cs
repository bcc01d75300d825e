using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Silo.Tests.Support;

/// <summary>A request of 2026-07-28 by hand, read as it comes and given up at will.</summary>
internal sealed class ListenStream(HttpClient http, HttpResponseMessage response, StreamReader reader) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The next message.</summary>
    public async Task<JsonNode> ReadAsync()
    {
        while (await reader.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return JsonNode.Parse(line["data: ".Length..])!;
            }

            if (line.StartsWith('{'))
            {
                return JsonNode.Parse(line)!;
            }
        }

        throw new EndOfStreamException("the stream ended");
    }

    /// <summary>Calls a tool and reads its progress and answer as they come.</summary>
    public static Task<ListenStream> CallAsync(SiloHost silo, string tool, object arguments) =>
        SendAsync(silo, "tools/call", new JsonObject { ["name"] = tool, ["arguments"] = JsonSerializer.SerializeToNode(arguments) }, tool, tasks: false);

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
        http.Dispose();
    }

    /// <summary>Sends a request of 2026-07-28 as id 7 and reads its answer as it comes.</summary>
    public static async Task<ListenStream> SendAsync(SiloHost silo, string method, JsonObject parameters, string? name = null, bool tasks = true)
    {
        parameters["_meta"] = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = McpClients.Modern,
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
            ["io.modelcontextprotocol/clientCapabilities"] = tasks ? new JsonObject { ["extensions"] = new JsonObject { ["io.modelcontextprotocol/tasks"] = new JsonObject() } } : [],
            ["progressToken"] = "p",
        };
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 7, ["method"] = method, ["params"] = parameters };
        var http = silo.CreateClient();
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/mcp", UriKind.Relative)) { Content = new StringContent(message.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", McpClients.Modern);
        request.Headers.Add("Mcp-Method", method);
        if (name is not null)
        {
            request.Headers.Add("Mcp-Name", name);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new ListenStream(http, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }
}

internal static class Listening
{
    /// <summary>Opens a <c>subscriptions/listen</c>.</summary>
    public static Task<ListenStream> ListenAsync(this SiloHost silo, object notifications) =>
        ListenStream.SendAsync(silo, "subscriptions/listen", new JsonObject { ["notifications"] = JsonSerializer.SerializeToNode(notifications) });
}
