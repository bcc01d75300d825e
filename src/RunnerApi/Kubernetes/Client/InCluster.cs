namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>The connection of a process that runs in a pod with a service account.</summary>
internal static class InCluster
{
    private const string Mounted = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Reads what kubelet put into this pod; the token and the authority are read again as they rotate.</summary>
    /// <exception cref="KubeException"><see cref="KubeFault.Invalid"/>: this is no pod, or it has no service account.</exception>
    internal static KubeConnection Load(TimeProvider time, string directory = Mounted)
    {
        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(Path.Combine(directory, "token")))
        {
            throw new KubeException(KubeFault.Invalid, "There is no service account here: run in a pod that mounts one, or set Actors:Runner:Kubernetes:KubeconfigFile.");
        }

        var name = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        var spaceFile = Path.Combine(directory, "namespace");
        return new KubeConnection(
            new Uri($"https://{name}:{port}"),
            new FileCredentials(Path.Combine(directory, "token"), time),
            ServerTrust.File(Path.Combine(directory, "ca.crt"), time),
            File.Exists(spaceFile) ? File.ReadAllText(spaceFile).Trim() : null);
    }
}
