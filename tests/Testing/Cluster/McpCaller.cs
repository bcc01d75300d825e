using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Testing.Cluster;

/// <summary>Calls tools of a silo over MCP's Streamable HTTP, one POST per call, without the SDK's handshake: for load.</summary>
public sealed class McpCaller : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10), ConnectTimeout = TimeSpan.FromSeconds(2) });

    /// <summary>Submits a run. The task ends when the silo has acknowledged it, with what it knows by then.</summary>
    /// <exception cref="HttpRequestException">No answer; whether the run exists is unknown.</exception>
    /// <exception cref="RunRejectedException">Refused.</exception>
    public Task<RunView> SubmitAsync(Uri silo, string workflow, object parameters, string? key, CancellationToken cancellationToken) =>
        RunAsync(silo, "run_workflow", key is null ? new { workflow_id = workflow, @params = parameters } : new { workflow_id = workflow, @params = parameters, idempotency_key = key }, cancellationToken);

    public Task<RunView> WaitAsync(Uri silo, string run, int seconds, CancellationToken cancellationToken) => RunAsync(silo, "wait_run", new { run_id = run, timeout_seconds = seconds }, cancellationToken);

    public Task<RunView> CancelAsync(Uri silo, string run, CancellationToken cancellationToken) => RunAsync(silo, "cancel_run", new { run_id = run, reason = "the client's wish" }, cancellationToken);

    public Task<RunView> ApproveAsync(Uri silo, string run, string step, CancellationToken cancellationToken) => RunAsync(silo, "approve_run", new { run_id = run, step, decision = "approve" }, cancellationToken);

    public Task<RunView> SignalAsync(Uri silo, string run, string name, CancellationToken cancellationToken) => RunAsync(silo, "signal_run", new { run_id = run, name, payload = new { n = 1 } }, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<RunView> RunAsync(Uri silo, string tool, object arguments, CancellationToken cancellationToken) =>
        (await CallAsync(silo, tool, arguments, cancellationToken)).Deserialize<RunView>(ActorsJson.Options)!;

    private async Task<JsonElement> CallAsync(Uri silo, string tool, object arguments, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.Serialize(new { jsonrpc = "2.0", id = 1, method = "tools/call", @params = new { name = tool, arguments } });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(silo, "/mcp")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{tool}: {(int)response.StatusCode}", null, response.StatusCode);
        }

        try
        {
            return Content(await AnswerAsync(response, cancellationToken));
        }
        catch (IOException e)
        {
            throw new HttpRequestException($"{tool}: the connection broke", e);
        }
    }

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal) && JsonElement.Parse(line.AsMemory(5).ToString()) is var message && message.TryGetProperty("id", out _))
            {
                return message;
            }
        }

        throw new HttpRequestException("the answer ended without a result");
    }

    private static JsonElement Content(JsonElement message)
    {
        if (!message.TryGetProperty("result", out var result))
        {
            throw new HttpRequestException($"an error of the protocol: {message.GetProperty("error")}");
        }

        if (!result.TryGetProperty("structuredContent", out var content))
        {
            throw new HttpRequestException($"a fault of the silo: {result}");
        }

        return result.TryGetProperty("isError", out var failed) && failed.ValueKind == JsonValueKind.True
            ? throw new RunRejectedException(content.GetProperty("error").Deserialize<RunError>(ActorsJson.Options)!)
            : content;
    }
}
