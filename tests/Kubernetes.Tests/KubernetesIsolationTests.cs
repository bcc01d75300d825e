using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Sandboxes;

namespace Actors.Kubernetes.Tests;

/// <summary>On a cluster whose pods have no network: eng/cluster.sh up --network loopback.</summary>
[Collection(ClusterCollectionDefinition.Name)]
public sealed class KubernetesIsolationTests(ClusterFixture cluster) : IsolationConformance
{
    protected override string Image => cluster.Image;

    protected override string Gvisor => "gvisor";

    private protected override IReadOnlyList<string> Kinds { get; } = ["egress_cluster_api", "egress_dns", "egress_internet", "egress_metadata", "egress_node", "egress_node_port", "egress_sandbox"];

    private protected override ISandboxDriver NewDriver() => cluster.NewDriver();
}
