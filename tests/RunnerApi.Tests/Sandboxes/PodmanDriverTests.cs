using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>The conformance suite over the real Podman.</summary>
public abstract class PodmanDriverTests(PodmanFixture podman) : SandboxDriverConformance
{
    protected override string Image => podman.Image;

    protected override bool InsecureRegistry => true;

    protected override ISandboxDriver NewDriver() => podman.NewDriver();

    protected override void KillConnection(string id) => Assert.NotEmpty(EngineClients.Kill(podman.Options.Root));
}

[Collection(PodmanCollectionDefinition.Name)]
public sealed class PodmanRuncTests(PodmanFixture podman) : PodmanDriverTests(podman)
{
    protected override string Runtime => "runc";

    protected override void AssertKernel(string release) => Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), release);
}

[Collection(PodmanCollectionDefinition.Name)]
public sealed class PodmanRunscTests(PodmanFixture podman) : PodmanDriverTests(podman)
{
    protected override string Runtime => "runsc";

    protected override void AssertKernel(string release) => Assert.Contains(release, GvisorReleases);
}
