using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Tests.Sandboxes;

[Collection(PodmanCollectionDefinition.Name)]
public sealed class PodmanIsolationTests(PodmanFixture podman) : IsolationConformance
{
    protected override string Image => podman.Image;

    protected override string Gvisor => "runsc";

    private protected override ISandboxDriver NewDriver() => podman.NewDriver();

    [Fact]
    public async Task RunAsync_ImageThatCannotBePulled_IsAFailedProbe()
    {
        var absent = podman.Image[..podman.Image.IndexOf('@', StringComparison.Ordinal)] + "@sha256:" + new string('0', 64);
        var check = Assert.Single(await ProbeAsync(new Actors.RunnerApi.Isolation.SandboxKind("runc", IsGvisor: false, null), absent));

        Assert.False(check.Passed);
        Assert.Contains("could not run", check.Detail, StringComparison.Ordinal);
    }
}
