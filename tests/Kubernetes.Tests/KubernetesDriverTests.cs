using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Sandboxes;

namespace Actors.Kubernetes.Tests;

/// <summary>The conformance suite over a real cluster.</summary>
public abstract class KubernetesDriverTests(ClusterFixture cluster) : SandboxDriverConformance
{
    protected override string Image => cluster.Image;

    protected override bool InsecureRegistry => true;

    protected override int CpuMillis => 300;

    // A pod's spec has no limit of processes, open files or core dumps, and cannot mount /tmp without execution; kubelet's podPidsLimit holds instead.
    private protected override EngineLimits Engine => new(
        LeastProcesses: 1024, MostSharedMemory: 64 * 1024 * 1024, MayExecuteTmp: true, NoResourceLimits: true, Variables: "KUBERNETES_");

    protected override ISandboxDriver NewDriver() => cluster.NewDriver();

    protected override void KillConnection(string id) => Assert.NotEqual(0, cluster.Cut());
}

[Collection(ClusterCollectionDefinition.Name)]
public sealed class KubernetesRuncTests(ClusterFixture cluster) : KubernetesDriverTests(cluster)
{
    protected override string Runtime => "runc";

    protected override void AssertKernel(string release) => Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), release);
}

[Collection(ClusterCollectionDefinition.Name)]
public sealed class KubernetesGvisorTests(ClusterFixture cluster) : KubernetesDriverTests(cluster)
{
    protected override string Runtime => "gvisor";

    // The test cluster starts each container as a gVisor sandbox of its own, which does not know its pod's name.
    private protected override EngineLimits Engine => base.Engine with { Hostname = "?" };

    protected override void AssertKernel(string release) => Assert.Contains(release, GvisorReleases);
}
