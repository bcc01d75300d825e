using System.Net;
using System.Net.Sockets;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>What a pod must not reach: the API server, the nodes, other pods, the cluster's name servers, and the nodes' side of the pods' network.</summary>
internal static class ClusterTargets
{
    private const int Kubelet = 10250;
    private const int Ssh = 22;

    // The first port of nearly every cluster's range; a node answers on all of them alike.
    private const int NodePort = 30000;

    /// <param name="api">The API server, as the runner reaches it.</param>
    /// <param name="neighbour">A pod as it runs.</param>
    /// <param name="port">Where it listens.</param>
    internal static async Task<IReadOnlyList<ForbiddenTarget>> FindAsync(Uri api, Pod neighbour, int port, CancellationToken cancellationToken)
    {
        List<ForbiddenTarget> targets = [];
        var addresses = IPAddress.TryParse(api.Host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(api.Host, cancellationToken);
        targets.AddRange(addresses.Take(4).Select(a => new ForbiddenTarget("cluster_api", a.ToString(), api.Port)));
        if (neighbour.Status?.HostIP is { Length: > 0 } node)
        {
            targets.Add(new ForbiddenTarget("node", node, Kubelet));
            targets.Add(new ForbiddenTarget("node", node, Ssh));
            targets.Add(new ForbiddenTarget("node_port", node, NodePort));
        }

        if (neighbour.Status?.PodIP is { Length: > 0 } pod)
        {
            targets.Add(new ForbiddenTarget("sandbox", pod, port));
            targets.AddRange(Gateways(pod).Select(g => new ForbiddenTarget("node", g, Kubelet)));
        }

        targets.AddRange(NameServers.Find());
        return targets;
    }

    // A node's own address in its pods' network is the first of the subnet with nearly every CNI.
    private static IEnumerable<string> Gateways(string podIp)
    {
        if (IPAddress.TryParse(podIp, out var address) && address.AddressFamily == AddressFamily.InterNetwork)
        {
            var bytes = address.GetAddressBytes();
            bytes[3] = 1;
            yield return new IPAddress(bytes).ToString();
        }
    }
}
