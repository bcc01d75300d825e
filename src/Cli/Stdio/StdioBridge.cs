using System.Collections.Concurrent;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Cli.Stdio;

/// <summary>Passes MCP messages on between a local client's pipes and a silo: progress and notifications flow back as they come, a cancelled request is cancelled there, a session that the silo lost is begun anew.</summary>
internal sealed class StdioBridge(SiloEndpoint silo, MessageWriter output) : IAsyncDisposable
{
    private const int ParseError = -32700;
    private const int InvalidRequest = -32600;
    private const int InternalError = -32603;
    public const int MostCalls = 64;
    private const int MostResumes = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    // By the request's id as it is written.
    private readonly ConcurrentDictionary<string, BridgeCall> _inFlight = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _calls = new();
    private readonly SemaphoreSlim _room = new(MostCalls, MostCalls);
    private readonly CancellationTokenSource _closing = new();
    private readonly BridgeSession _session = new(silo);

    /// <summary>Works until the client closes its end.</summary>
    public async Task RunAsync(IAsyncEnumerable<JsonObject?> messages, CancellationToken cancellationToken)
    {
        await using var stop = cancellationToken.Register(_closing.Cancel);
        await foreach (var message in messages)
        {
            if (message is null)
            {
                await output.FailAsync(null, ParseError, "A line must be one JSON-RPC message, each member once per object.", _closing.Token);
                continue;
            }

            try
            {
                await TakeAsync(message);
            }
            catch (Exception e) when (IsOfMessage(e))
            {
                await RefuseAsync(message);
            }
        }
    }

    private async Task TakeAsync(JsonObject message)
    {
        if (CancelledId(message) is { } cancelled && _inFlight.TryGetValue(cancelled, out var call))
        {
            // Since 2026-07-28 a request is cancelled by closing its response. Before, the silo must be told, and answers nothing.
            if (!call.IsModern)
            {
                await ForwardAsync(message, _closing.Token);
            }

            await CancelAsync(call.Reading);
        }
        else if (message["id"] is not { } id || Method(message) is null or "initialize")
        {
            await ForwardAsync(message, _closing.Token);
        }
        else if (await _room.WaitAsync(0, _closing.Token))
        {
            Track(CallAsync(message));
        }
        else
        {
            // Waiting here would keep cancellations from being read.
            await output.FailAsync(id, InvalidRequest, $"{MostCalls} requests are in flight. Wait for one to end.", _closing.Token);
        }
    }

    private static async Task CancelAsync(CancellationTokenSource call)
    {
        try
        {
            await call.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has ended this moment.
        }
    }

    private async Task RefuseAsync(JsonObject message)
    {
        JsonNode? id = null;
        try
        {
            id = JsonNode.Parse(message["id"]?.ToJsonString() ?? "null");
        }
        catch (Exception e) when (IsOfMessage(e))
        {
            // The id is what is malformed.
        }

        await output.FailAsync(id, InvalidRequest, "The line is JSON, but no JSON-RPC message.", _closing.Token);
    }

    // What reading a malformed message throws.
    private static bool IsOfMessage(Exception e) => e is JsonException or InvalidOperationException or ArgumentException or FormatException;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_calls.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (silo.Session is not null)
        {
            using var farewell = new CancellationTokenSource(Farewell, TimeProvider.System);
            await silo.DeleteAsync(farewell.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _session.Dispose();
        _room.Dispose();
        _closing.Dispose();
        output.Dispose();
    }

    private static string? Method(JsonObject message) => SiloEndpoint.Text(message, "method");

    private static string? CancelledId(JsonObject message) => Method(message) == "notifications/cancelled" ? (message["params"] as JsonObject)?["requestId"]?.ToJsonString() : null;

    private void Track(Task call)
    {
        _calls.TryAdd(call, 0);
        _ = call.ContinueWith(done => _calls.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task CallAsync(JsonObject message)
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        var call = new BridgeCall(cancelled, SiloEndpoint.IsModern(message));
        var id = "";
        try
        {
            id = message["id"]!.ToJsonString();
            _inFlight.TryAdd(id, call);
            await ForwardAsync(message, cancelled.Token);
        }
        catch (OperationCanceledException)
        {
            // The client gave it up and expects no answer.
        }
        catch (Exception e) when (IsOfMessage(e))
        {
            await RefuseAsync(message);
        }
        finally
        {
            _inFlight.TryRemove(KeyValuePair.Create(id, call));
            _room.Release();
        }
    }

    private async Task ForwardAsync(JsonObject message, CancellationToken cancellationToken)
    {
        var id = message["id"];
        try
        {
            using var response = await _session.SendAsync(message, cancellationToken);
            if (!await PassAsync(response, message, cancellationToken) && id is not null && message["method"] is not null)
            {
                await output.FailAsync(id, InternalError, $"The silo at {silo.Url} answered {(int)response.StatusCode} without a message.", cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            await (id is null ? Console.Error.WriteLineAsync($"actors: {e.Message}") : output.FailAsync(id, InternalError, $"No silo answers at {silo.Url}: {e.Message}", cancellationToken));
        }
    }

    /// <summary>Passes the answer on; true when there was one, or none was due.</summary>
    private async Task<bool> PassAsync(HttpResponseMessage response, JsonObject message, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.Accepted)
        {
            if (Method(message) == "notifications/initialized" && silo.Session is not null)
            {
                Track(ListenAsync(_closing.Token));
            }

            return true;
        }

        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            var fault = JsonNode.Parse(body.Length == 0 ? "null" : body) as JsonObject;
            if (fault?["jsonrpc"] is null)
            {
                return false;
            }

            if (message["id"] is null)
            {
                // Notifications have no answers.
                return true;
            }

            fault["id"] = message["id"]?.DeepClone();
            await output.WriteAsync(fault.ToJsonString(), cancellationToken);
            return true;
        }

        return await PassStreamAsync(response, message, cancellationToken);
    }

    // A stream that breaks is gone on with, if its events have ids.
    private async Task<bool> PassStreamAsync(HttpResponseMessage first, JsonObject message, CancellationToken cancellationToken)
    {
        var last = await CopyAsync(first, message, cancellationToken);
        for (var tries = 0; last is { Answered: false, EventId: { } id } && tries < MostResumes; tries++)
        {
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            using var next = await silo.GetAsync(id, cancellationToken);
            if (!next.IsSuccessStatusCode)
            {
                break;
            }

            var more = await CopyAsync(next, message, cancellationToken);
            last = (more.Answered, more.EventId ?? id);
        }

        return last.Answered;
    }

    private async Task<(bool Answered, string? EventId)> CopyAsync(HttpResponseMessage response, JsonObject? request, CancellationToken cancellationToken)
    {
        string? eventId = null;
        var wanted = request?["id"]?.ToJsonString();
        try
        {
            await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
            {
                eventId = item.EventId ?? eventId;
                if (item.Data.Length == 0 || JsonNode.Parse(item.Data) is not JsonObject message)
                {
                    continue;
                }

                if (request is not null && Method(request) == "initialize")
                {
                    silo.Version = (string?)message["result"]?["protocolVersion"];
                }

                await output.WriteAsync(item.Data, cancellationToken);
                if (wanted is not null && message["method"] is null && message["id"]?.ToJsonString() == wanted)
                {
                    return (true, eventId);
                }
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException && eventId is not null)
        {
            // Broken off.
        }

        return (false, eventId);
    }

    // What the silo says of its own accord, for as long as the client is there.
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        string? last = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var response = await silo.GetAsync(last, cancellationToken);
                last = response.IsSuccessStatusCode ? (await CopyAsync(response, null, cancellationToken)).EventId ?? last : null;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
            {
                // The silo is away; calls say so.
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A request that waits for its answer.</summary>
    /// <param name="Reading">Ends the reading of its response.</param>
    /// <param name="IsModern">Whether it is of the era without sessions.</param>
    private sealed record BridgeCall(CancellationTokenSource Reading, bool IsModern);
}
