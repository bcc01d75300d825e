using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>The few calls of the Kubernetes API that the runner makes, in one namespace. Every failure is a <see cref="KubeException"/>.</summary>
internal sealed partial class KubeClient(KubeTransport transport, string space) : IDisposable
{
    private const int PageSize = 250;
    private const int MostPages = 100;

    private readonly string _core = "/api/v1/namespaces/" + Uri.EscapeDataString(space);

    /// <summary>The namespace.</summary>
    internal string Namespace { get; } = space;

    internal Uri Server => transport.Address("");

    internal TimeProvider Time => transport.Time;

    private static KubeJson Json => KubeJson.Default;

    public void Dispose() => transport.Dispose();

    /// <summary>The server's version.</summary>
    internal Task<KubeVersion> VersionAsync(CancellationToken cancellationToken) =>
        transport.SendAsync(new KubeRequest(HttpMethod.Get, "/version"), Json.KubeVersion, cancellationToken);

    internal Task<Pod> CreatePodAsync(Pod pod, CancellationToken cancellationToken) =>
        PostAsync($"{_core}/pods", pod, Json.Pod, cancellationToken);

    /// <summary>The pod, or null.</summary>
    internal async Task<Pod?> FindPodAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await transport.SendAsync(new KubeRequest(HttpMethod.Get, PodPath(name)), Json.Pod, cancellationToken);
        }
        catch (KubeException e) when (e.Fault == KubeFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>Every pod with the labels, page by page, and the version at which the list stood.</summary>
    /// <exception cref="KubeException"><see cref="KubeFault.Expired"/> when the list changed too much between two pages: ask again.</exception>
    internal async Task<(IReadOnlyList<Pod> Pods, string Version)> ListPodsAsync(string labels, CancellationToken cancellationToken)
    {
        List<Pod> pods = [];
        var next = "";
        for (var page = 0; page < MostPages; page++)
        {
            var path = $"{_core}/pods?labelSelector={Uri.EscapeDataString(labels)}&limit={PageSize}" + (next.Length > 0 ? "&continue=" + Uri.EscapeDataString(next) : "");
            var list = await transport.SendAsync(new KubeRequest(HttpMethod.Get, path), Json.KubeListPod, cancellationToken);
            pods.AddRange(list.Items ?? []);
            next = list.Metadata?.Continue ?? "";
            if (next.Length == 0)
            {
                return (pods, list.Metadata?.ResourceVersion ?? "");
            }
        }

        throw new KubeException(KubeFault.Protocol, $"There are more than {MostPages * PageSize} pods in '{Namespace}'.");
    }

    /// <summary>Merges a change into a pod.</summary>
    internal Task<Pod> PatchPodAsync(string name, PodPatch patch, CancellationToken cancellationToken) => transport.SendAsync(
        new KubeRequest(HttpMethod.Patch, PodPath(name), JsonSerializer.SerializeToUtf8Bytes(patch, Json.PodPatch), "application/merge-patch+json"), Json.Pod, cancellationToken);

    /// <summary>Deletes at once, without a grace; false when there was none, or another of that name.</summary>
    internal async Task<bool> DeletePodAsync(string name, string? uid, CancellationToken cancellationToken)
    {
        var options = new DeleteOptions(0, uid is null ? null : new DeletePreconditions(uid), "Background");
        try
        {
            await transport.SendAsync(new KubeRequest(HttpMethod.Delete, PodPath(name), JsonSerializer.SerializeToUtf8Bytes(options, Json.DeleteOptions)), Json.JsonElement, cancellationToken);
            return true;
        }
        catch (KubeException e) when (e.Fault is KubeFault.NotFound or KubeFault.Conflict)
        {
            return false;
        }
    }

    internal Task CreateSecretAsync(Secret secret, CancellationToken cancellationToken) =>
        PostAsync($"{_core}/secrets", secret, Json.Secret, Json.JsonElement, cancellationToken);

    /// <summary>What the cluster noted about one object, as it comes.</summary>
    internal async Task<IReadOnlyList<KubeEvent>> EventsAsync(string uid, CancellationToken cancellationToken)
    {
        var path = $"{_core}/events?limit={PageSize}&fieldSelector={Uri.EscapeDataString("involvedObject.uid=" + uid)}";
        return (await transport.SendAsync(new KubeRequest(HttpMethod.Get, path), Json.KubeListKubeEvent, cancellationToken)).Items ?? [];
    }

    /// <summary>Server-side apply of a network policy.</summary>
    internal Task<NetworkPolicy> ApplyAsync(NetworkPolicy policy, string manager, CancellationToken cancellationToken)
    {
        var path = $"/apis/networking.k8s.io/v1/namespaces/{Uri.EscapeDataString(Namespace)}/networkpolicies/{Uri.EscapeDataString(policy.Metadata.Name!)}?fieldManager={Uri.EscapeDataString(manager)}&force=true";
        return transport.SendAsync(new KubeRequest(HttpMethod.Patch, path, JsonSerializer.SerializeToUtf8Bytes(policy, Json.NetworkPolicy), "application/apply-patch+yaml"), Json.NetworkPolicy, cancellationToken);
    }

    internal string PodPath(string name) => $"{_core}/pods/{Uri.EscapeDataString(name)}";

    internal static string Text(bool value) => value ? "true" : "false";

    internal static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private Task<T> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) => PostAsync(path, body, type, type, cancellationToken);

    private Task<TAnswer> PostAsync<T, TAnswer>(string path, T body, JsonTypeInfo<T> type, JsonTypeInfo<TAnswer> answer, CancellationToken cancellationToken) =>
        transport.SendAsync(new KubeRequest(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, type)), answer, cancellationToken);
}
