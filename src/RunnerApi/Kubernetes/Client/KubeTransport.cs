using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>One request as it goes over the wire; the body is made anew for each try.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query below the server.</param>
/// <param name="Body">JSON bytes, or null.</param>
/// <param name="MediaType">Of the body.</param>
internal sealed record KubeRequest(HttpMethod Method, string Path, byte[]? Body = null, string MediaType = "application/json")
{
    internal string What => $"{Method} {Path.Split('?')[0]}";
}

/// <summary>Sends requests: authenticated, bounded, and again after a pause when the server is away or asks for it.</summary>
internal sealed class KubeTransport : IDisposable
{
    private const int LargestAnswer = 16 * 1024 * 1024;
    private const int LargestError = 64 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    private readonly KubeConnection _connection;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;

    /// <param name="connection">Server and credentials.</param>
    /// <param name="patience">How long a server that is away or busy is asked again; also the limit of one short request.</param>
    /// <param name="time">Clock of pauses and limits.</param>
    internal KubeTransport(KubeConnection connection, TimeSpan patience, TimeProvider time)
    {
        _connection = connection;
        _patience = patience;
        _time = time;
        _handler = connection.CreateHandler();
        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    internal HttpMessageInvoker Invoker => _invoker;

    internal TimeProvider Time => _time;

    public void Dispose()
    {
        _invoker.Dispose();
        _handler.Dispose();
    }

    /// <summary>Sends and reads a JSON answer.</summary>
    /// <exception cref="KubeException">Refused, or not answered in time.</exception>
    internal async Task<T> SendAsync<T>(KubeRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RetryAsync(async () =>
            {
                using var response = await SendOnceAsync(request, either.Token);
                var bytes = await ReadAsync(response, LargestAnswer, request.What, either.Token);
                return JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException();
            }, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubeException(KubeFault.Unreachable, $"{request.What}: no answer within {_patience.TotalSeconds} s.", e);
        }
        catch (JsonException e)
        {
            throw new KubeException(KubeFault.Protocol, $"{request.What}: the answer is not understood.", e);
        }
    }

    /// <summary>Sends and gives the answer once its head is there; its body may come for hours. Tried once.</summary>
    /// <exception cref="KubeException">Refused, or no head in time.</exception>
    internal async Task<HttpResponseMessage> OpenAsync(KubeRequest request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await SendOnceAsync(request, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubeException(KubeFault.Unreachable, $"{request.What}: no answer within {_patience.TotalSeconds} s.", e);
        }
    }

    /// <summary>As <see cref="OpenAsync"/>, for an answer whose head comes only with its first byte, whenever that is.</summary>
    internal Task<HttpResponseMessage> FollowAsync(KubeRequest request, CancellationToken cancellationToken) => SendOnceAsync(request, cancellationToken);

    /// <summary>The token for a request that is sent elsewhere.</summary>
    internal ValueTask<string?> TokenAsync(CancellationToken cancellationToken) => _connection.Credentials.TokenAsync(cancellationToken);

    internal Uri Address(string path) => new(_connection.Server, _connection.Server.AbsolutePath.TrimEnd('/') + path);

    private async Task<T> RetryAsync<T>(Func<Task<T>> send, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(200);
        for (var unauthorized = 0; ;)
        {
            KubeException failure;
            try
            {
                return await send();
            }
            catch (KubeException e) when (IsPassing(e) || (e.Fault == KubeFault.Unauthorized && unauthorized++ == 0))
            {
                // 401 once: a token can have been replaced between our reading and the server's.
                failure = e;
            }

            if (failure.RetryAfter > _patience)
            {
                // It would answer too late; earlier it does not want to be asked.
                throw failure;
            }

            try
            {
                await Task.Delay(failure.RetryAfter ?? pause, _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // What the server said is of more use than that time ran out.
                throw failure;
            }

            pause = pause * 2 > Longest ? Longest : pause * 2;
        }
    }

    private static bool IsPassing(KubeException e) =>
        e.Fault is KubeFault.Unreachable or KubeFault.TooManyRequests || e.StatusCode is 502 or 503 or 504 || (e.StatusCode == 500 && e.RetryAfter is not null);

    private async Task<HttpResponseMessage> SendOnceAsync(KubeRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(request.Method, Address(request.Path)) { Version = HttpVersion.Version11 };
        if (await _connection.Credentials.TokenAsync(cancellationToken) is { } token)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(request.MediaType) } };
        }

        try
        {
            var response = await _invoker.SendAsync(message, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                throw await RefusedAsync(request, response, cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The last is the handler's own limit of a connection attempt.
            throw new KubeException(KubeFault.Unreachable, $"{request.What}: {_connection.Server} cannot be reached: {(e.InnerException ?? e).Message}", e);
        }
    }

    private async Task<KubeException> RefusedAsync(KubeRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            _connection.Credentials.Refused();
        }

        var bytes = await ReadAsync(response, LargestError, request.What, cancellationToken);
        KubeStatus? status = null;
        try
        {
            status = JsonSerializer.Deserialize(bytes, KubeJson.Default.KubeStatus);
        }
        catch (JsonException)
        {
            // Proxies and kubelet answer in plain text.
        }

        var after = response.Headers.RetryAfter?.Delta;
        return KubeException.From(request.What, (int)response.StatusCode, status, System.Text.Encoding.UTF8.GetString(bytes), after);
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, int most, string what, CancellationToken cancellationToken)
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var all = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            all.Write(buffer, 0, read);
            if (all.Length > most)
            {
                throw new KubeException(KubeFault.Protocol, $"{what}: the answer is over {most} bytes.");
            }
        }

        return all.ToArray();
    }
}
