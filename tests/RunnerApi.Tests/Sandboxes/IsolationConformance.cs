using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>The isolation probe in real sandboxes, on a network that isolates.</summary>
public abstract class IsolationConformance
{
    private protected abstract ISandboxDriver NewDriver();

    /// <summary>An image with a static busybox.</summary>
    protected abstract string Image { get; }

    /// <summary>gVisor, as the driver names it.</summary>
    protected abstract string Gvisor { get; }

    private protected virtual IReadOnlyList<string> Kinds { get; } = ["egress_dns", "egress_internet", "egress_metadata", "egress_node"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_RealSandbox_PassesEveryCheck(bool gvisor)
    {
        var checks = await ProbeAsync(new SandboxKind(gvisor ? Gvisor : "runc", gvisor, null));

        Assert.True(checks.All(c => c.Passed), string.Join('\n', checks));
        Assert.Equal([.. Kinds, "identity", "root_read_only", "runtime", "token_absent"], checks.Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RunAsync_RuntimeThatOnlyClaimsToBeGvisor_FailsTheRuntimeCheck()
    {
        var checks = await ProbeAsync(new SandboxKind("runc", IsGvisor: true, null));

        Assert.Equal("runtime", Assert.Single(checks, c => !c.Passed).Name);
    }

    private protected async Task<ProbeOutcome> RunAsync(SandboxKind kind, string? image = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120), TimeProvider.System);
        return await new IsolationProbe(NewDriver(), new IsolationOptions { ProbeImage = image ?? Image, ProbePlainHttp = true }, TimeProvider.System).RunAsync(kind, limit.Token);
    }

    private async Task<IReadOnlyList<IsolationCheck>> ProbeAsync(SandboxKind kind)
    {
        var outcome = await RunAsync(kind);
        Assert.Null(outcome.CouldNotRun);
        return outcome.Checks;
    }
}
