using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Benchmarks.Mcp;

/// <summary>Calls one tool over and over on a number of connections, as 2026-07-28 does it.</summary>
internal sealed class McpLoad(Uri url) : IDisposable
{
    public const string Version = "2026-07-28";
    private const string Meta = """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}""";
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false });

    /// <summary>One call; gives the structured content, or nothing when the tool has none.</summary>
    public async Task<JsonElement?> CallAsync(string tool, object arguments, CancellationToken cancellationToken)
    {
        var body = $$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"{{tool}}","arguments":{{JsonSerializer.Serialize(arguments)}},"_meta":{{Meta}} } }""";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/mcp")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("MCP-Protocol-Version", Version);
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", tool);
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var data = text.Split('\n').LastOrDefault(l => l.StartsWith("data: {", StringComparison.Ordinal)) ?? throw new InvalidOperationException($"{tool}: {(int)response.StatusCode} {text}");
        var message = JsonElement.Parse(data["data: ".Length..]);
        return message.TryGetProperty("result", out var result) && !(result.TryGetProperty("isError", out var failed) && failed.ValueKind == JsonValueKind.True)
            ? result.TryGetProperty("structuredContent", out var content) ? content : null
            : throw new InvalidOperationException($"{tool}: {data}");
    }

    /// <summary>Keeps every connection busy for that long.</summary>
    public async Task<JsonObject> MeasureAsync(string what, string tool, object arguments, int connections, TimeSpan duration, CancellationToken cancellationToken)
    {
        await RunAsync(tool, arguments, connections, TimeSpan.FromSeconds(2), new Latencies(), cancellationToken);
        var latencies = new Latencies();
        var start = TimeProvider.System.GetTimestamp();
        await RunAsync(tool, arguments, connections, duration, latencies, cancellationToken);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var row = new JsonObject
        {
            ["call"] = what,
            ["connections"] = connections,
            ["requests_per_second"] = Math.Round(latencies.Count / seconds, 1),
            ["p50_ms"] = latencies.At(0.5),
            ["p99_ms"] = latencies.At(0.99),
        };
        Console.Error.WriteLine($"  {what,-14} {connections,4} connections: {row["requests_per_second"],9} /s, p50 {row["p50_ms"]} ms, p99 {row["p99_ms"]} ms");
        return row;
    }

    public void Dispose() => _http.Dispose();

    private Task RunAsync(string tool, object arguments, int connections, TimeSpan duration, Latencies latencies, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        return Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(
            async () =>
            {
                while (TimeProvider.System.GetElapsedTime(start) < duration)
                {
                    var began = TimeProvider.System.GetTimestamp();
                    await CallAsync(tool, arguments, cancellationToken);
                    latencies.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
                }
            },
            cancellationToken)));
    }
}
