using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>An answer of the engine's API.</summary>
/// <param name="Status">HTTP's.</param>
/// <param name="Body">All of it.</param>
internal sealed record EngineAnswer(HttpStatusCode Status, byte[] Body)
{
    internal bool Succeeded => (int)Status is >= 200 and < 400;

    /// <summary>The engine's reason for a refusal: its <c>message</c>, a pull's <c>error</c>, or the body when it is no JSON.</summary>
    internal string Words => TryParse(out var answer) ? Text(answer, "message") ?? Text(answer, "error") ?? "" : Encoding.UTF8.GetString(Body);

    /// <summary>True when the answer is an object with that text, which is not empty.</summary>
    internal bool Names(string member) => TryParse(out var answer) && Text(answer, member) is { Length: > 0 };

    private static string? Text(JsonNode? answer, string member) => (answer as JsonObject)?[member] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private bool TryParse(out JsonNode? answer)
    {
        try
        {
            answer = JsonNode.Parse(Body);
            return true;
        }
        catch (JsonException)
        {
            answer = null;
            return false;
        }
    }
}

/// <summary>Requests to an engine's API over its Unix socket, each bounded in time and in what it may answer.</summary>
/// <param name="program">What messages call the engine.</param>
/// <param name="socket">Where it listens.</param>
/// <param name="time">Clock of the bounds.</param>
internal sealed class EngineApi(string program, IEngineSocket socket, TimeProvider time) : IDisposable
{
    // An inspected container carries its image's labels, which are the publisher's.
    private const int MaxBody = 16 * 1024 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = (_, token) => socket.ConnectAsync(token),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxResponseHeadersLength = 16,
    })
    {
        BaseAddress = new Uri("http://engine"),
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxBody,
    };

    /// <summary>One request and its whole answer; a refusal is an answer.</summary>
    /// <param name="verb">How messages call it.</param>
    /// <param name="method">HTTP's.</param>
    /// <param name="path">From the root on.</param>
    /// <param name="seconds">Most time.</param>
    /// <param name="cancellationToken">Drops the request.</param>
    /// <param name="body">JSON; it may hold secrets.</param>
    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>.</exception>
    internal Task<EngineAnswer> SendAsync(string verb, HttpMethod method, string path, int seconds, CancellationToken cancellationToken, JsonObject? body = null) =>
        BoundedAsync(verb, seconds, async token =>
        {
            using var response = await RequestAsync(() => Request(method, path, body), HttpCompletionOption.ResponseContentRead, token);
            return new EngineAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(token));
        }, cancellationToken);

    /// <summary>Values of a member named <c>Id</c> of the objects in the array that is answered, which may be long: it is read piece by piece.</summary>
    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>.</exception>
    internal Task<IReadOnlyList<string>> IdsAsync(string verb, string path, int seconds, CancellationToken cancellationToken) =>
        BoundedAsync<IReadOnlyList<string>>(verb, seconds, async token =>
        {
            using var response = await RequestAsync(() => Request(HttpMethod.Get, path, null), HttpCompletionOption.ResponseHeadersRead, token);
            response.EnsureSuccessStatusCode();
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            List<string> ids = [];
            await foreach (var item in JsonSerializer.DeserializeAsyncEnumerable<Named>(stream, cancellationToken: token))
            {
                ids.Add(item?.Id ?? throw new JsonException("an item without an Id"));
            }

            return ids;
        }, cancellationToken);

    /// <summary>Asks for an upgrade to a stream of two ways, as of an attached container. A refusal is an answer.</summary>
    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>.</exception>
    internal Task<(EngineStream? Stream, EngineAnswer? Refusal)> UpgradeAsync(string verb, string path, int seconds, CancellationToken cancellationToken) =>
        BoundedAsync<(EngineStream?, EngineAnswer?)>(verb, seconds, async token =>
        {
            var response = await RequestAsync(() => Request(HttpMethod.Post, path, null, upgrade: true), HttpCompletionOption.ResponseHeadersRead, token);
            if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
            {
                return (new EngineStream(response, await response.Content.ReadAsStreamAsync(token)), null);
            }

            using (response)
            {
                await response.Content.LoadIntoBufferAsync(MaxBody, token);
                return (null, new EngineAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(token)));
            }
        }, cancellationToken);

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, JsonObject? body, bool upgrade = false)
    {
        var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            // With a body, even an empty one, a request that broke is not sent again behind our back: a second start would run an ended server again.
            request.Content = new StringContent(body?.ToJsonString() ?? "", Encoding.UTF8, MediaTypeNames.Application.Json);
        }

        if (upgrade)
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.Add(new ProductHeaderValue("tcp"));
        }

        return request;
    }

    // A service may have ended a moment ago: what nobody took is sent again, once, and so is what only reads.
    private async Task<HttpResponseMessage> RequestAsync(Func<HttpRequestMessage> request, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        await socket.ReadyAsync(refused: false, cancellationToken);
        using var first = request();
        try
        {
            return await _http.SendAsync(first, completion, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError || (first.Method == HttpMethod.Get && e.InnerException is IOException))
        {
            await socket.ReadyAsync(refused: true, cancellationToken);
            using var second = request();
            return await _http.SendAsync(second, completion, cancellationToken);
        }
    }

    private async Task<T> BoundedAsync<T>(string verb, int seconds, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await ask(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{program}' did not answer '{verb}' within {seconds} s; see whether '{program} info' answers on this machine.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new SandboxException(
                SandboxFault.EngineUnavailable,
                $"'{program}' could not be asked for '{verb}' ({EngineWords.Of(e.Message, SecretScrubber.None)}); see whether '{program} info' answers on this machine.",
                e);
        }
    }

    private sealed record Named(string? Id);
}

/// <summary>A connection that was upgraded. Disposing closes it.</summary>
internal sealed class EngineStream(HttpResponseMessage response, Stream stream) : IAsyncDisposable
{
    internal Stream Stream { get; } = stream;

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        response.Dispose();
    }
}
