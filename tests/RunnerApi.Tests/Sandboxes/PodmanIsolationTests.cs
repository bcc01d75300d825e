using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Tests.Sandboxes;

[Collection(PodmanCollectionDefinition.Name)]
public sealed class PodmanIsolationTests(PodmanFixture podman) : IsolationConformance
{
    protected override string Image => podman.Image;

    protected override string Gvisor => "runsc";

    private protected override ISandboxDriver NewDriver() => podman.NewDriver();

    [Fact]
    public async Task RunAsync_ImageThatCannotBePulled_CouldNotRun()
    {
        var absent = podman.Image[..podman.Image.IndexOf('@', StringComparison.Ordinal)] + "@sha256:" + new string('0', 64);
        var outcome = await RunAsync(new Actors.RunnerApi.Isolation.SandboxKind("runc", IsGvisor: false, null), absent);

        Assert.Empty(outcome.Checks);
        Assert.Contains(new string('0', 64), outcome.CouldNotRun, StringComparison.Ordinal);
    }
}
