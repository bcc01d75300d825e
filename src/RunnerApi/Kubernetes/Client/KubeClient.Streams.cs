using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>One change of a pod.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Pod">The pod after it; of a bookmark only its version counts.</param>
internal sealed record PodChange(PodChangeKind Kind, Pod Pod);

/// <summary>What a watch tells.</summary>
internal enum PodChangeKind
{
    /// <summary>It is new, or was there when the watch began.</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It is gone.</summary>
    Deleted,

    /// <summary>Nothing changed up to this version.</summary>
    Bookmark,
}

/// <summary>Which outputs a log is asked for.</summary>
internal enum LogOutput
{
    /// <summary>Both, as they came, untagged.</summary>
    All,

    /// <summary>Stdout alone; Kubernetes 1.32 and newer.</summary>
    Stdout,

    /// <summary>Stderr alone; Kubernetes 1.32 and newer.</summary>
    Stderr,
}

/// <content>Answers that come for as long as something happens.</content>
internal sealed partial class KubeClient
{
    private const int WatchSeconds = 300;
    private const int LongestWatchLine = 4 * 1024 * 1024;

    /// <summary>Changes after a version, until the server ends the watch.</summary>
    /// <exception cref="KubeException"><see cref="KubeFault.Expired"/>: list anew. Others: the watch broke; resume at the last version.</exception>
    internal async IAsyncEnumerable<PodChange> WatchPodsAsync(string labels, string version, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = $"{_core}/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds={WatchSeconds}&labelSelector={Uri.EscapeDataString(labels)}&resourceVersion={Uri.EscapeDataString(version)}";
        using var response = await transport.OpenAsync(new KubeRequest(HttpMethod.Get, path), cancellationToken);
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var lines = new BoundedLines(body, LongestWatchLine);
        while (await lines.NextAsync(cancellationToken) is { } line)
        {
            yield return Parse(line);
        }
    }

    /// <summary>Connects to a running container's stdin. Its outputs are read elsewhere, so that a slow reader here can never block the container.</summary>
    /// <exception cref="KubeException">It is not running, or the server refused.</exception>
    internal async Task<WebSocket> AttachStdinAsync(string name, string container, CancellationToken cancellationToken)
    {
        var http = transport.Address($"{PodPath(name)}/attach?container={Uri.EscapeDataString(container)}&stdin=true&stdout=false&stderr=false&tty=false");
        var socket = new ClientWebSocket();
        try
        {
            // The server takes the first that it knows.
            socket.Options.AddSubProtocol("v5.channel.k8s.io");
            socket.Options.AddSubProtocol("v4.channel.k8s.io");
            socket.Options.HttpVersion = HttpVersion.Version11;
            socket.Options.CollectHttpResponseDetails = true;
            if (await transport.TokenAsync(cancellationToken) is { } token)
            {
                socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
            }

            await socket.ConnectAsync(new UriBuilder(http) { Scheme = "wss" }.Uri, transport.Invoker, cancellationToken);
            return socket;
        }
        catch (WebSocketException e)
        {
            var status = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw status == 0
                ? new KubeException(KubeFault.Unreachable, $"Attaching to pod '{name}' failed: {(e.InnerException ?? e).Message}", e)
                : KubeException.From($"Attaching to pod '{name}'", status, null, "", null);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A container's log from its first byte that is kept. Dispose the answer to stop.</summary>
    /// <exception cref="KubeException">There is no log yet, or the server does not know <paramref name="output"/>.</exception>
    internal Task<HttpResponseMessage> OpenLogAsync(string name, string container, LogOutput output, bool follow, CancellationToken cancellationToken)
    {
        var stream = output == LogOutput.All ? "" : $"&stream={output}";
        return transport.FollowAsync(new KubeRequest(HttpMethod.Get, $"{PodPath(name)}/log?container={Uri.EscapeDataString(container)}&follow={Text(follow)}{stream}"), cancellationToken);
    }

    /// <summary>Whether this server gives stdout and stderr apart.</summary>
    internal async Task<bool> KnowsLogStreamsAsync(string name, string container, CancellationToken cancellationToken)
    {
        try
        {
            var path = $"{PodPath(name)}/log?container={Uri.EscapeDataString(container)}&limitBytes=1&stream={LogOutput.Stdout}";
            using var response = await transport.OpenAsync(new KubeRequest(HttpMethod.Get, path), cancellationToken);
            return true;
        }
        catch (KubeException e) when (e.Fault == KubeFault.Invalid)
        {
            return false;
        }
    }

    private static PodChange Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            var read = JsonSerializer.Deserialize(line.Span, KubeJson.Default.WatchLine)!;
            var kind = read.Type switch
            {
                "ADDED" => PodChangeKind.Added,
                "MODIFIED" => PodChangeKind.Modified,
                "DELETED" => PodChangeKind.Deleted,
                "BOOKMARK" => PodChangeKind.Bookmark,
                "ERROR" => throw Ended(read.Object.Deserialize(KubeJson.Default.KubeStatus)),
                _ => throw new JsonException(),
            };
            return new PodChange(kind, read.Object.Deserialize(KubeJson.Default.Pod) ?? throw new JsonException());
        }
        catch (JsonException e)
        {
            throw new KubeException(KubeFault.Protocol, "A line of the watch is not understood.", e);
        }
    }

    private static KubeException Ended(KubeStatus? status) => KubeException.From("The watch of pods", status?.Code ?? 500, status, "", null);
}
