using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Support;
using Actors.Verification.Policy;

namespace Actors.Kubernetes.Tests;

/// <summary>On a cluster whose pods reach each other, since nothing enforces policies there: eng/cluster.sh up --network bridge. Run by eng/cluster-tests.sh apart from the others.</summary>
[Collection(ClusterCollectionDefinition.Name)]
[Trait("Network", "bridge")]
public sealed class OpenNetworkTests(ClusterFixture cluster)
{
    [Theory]
    [InlineData(SandboxRuntime.Runc)]
    [InlineData(SandboxRuntime.Runsc)]
    public async Task Launch_WherePodsReachEachOther_IsRefusedWithWhatWasReached(SandboxRuntime runtime)
    {
        await using var runner = await cluster.Runner(runtime, "--Actors:Runner:Isolation:ProbeImage=" + cluster.Image).BootAsync();
        using var response = await runner.LaunchAsync($"t-{Guid.NewGuid():N}", Scripts.Echo);

        var problem = await RunnerHarness.ProblemAsync(response, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        var decision = problem.GetProperty("decision");
        Assert.Equal(RefusalCodes.IsolationUnproven, decision.GetProperty("code").GetString());
        Assert.Contains("egress_sandbox: reached: ", decision.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(" 8765 open", decision.GetProperty("reason").GetString(), StringComparison.Ordinal);

        // The node's end of the pods' network refuses, so it answers.
        Assert.Contains("egress_node: reached: ", decision.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var report = await runner.GetAsync<IsolationReport>("/isolation");
        Assert.False(Assert.Single(report.Proofs).Proven);
    }
}
