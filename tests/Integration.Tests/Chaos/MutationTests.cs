using Actors.Chaos;
using Actors.Integration.Tests.Cluster;

namespace Actors.Integration.Tests.Chaos;

/// <summary>A product that is broken on purpose is caught by the checker, from the history of real silos. The other mutations are a part of <c>eng/chaos.sh --mutation</c>.</summary>
[Collection(ThreeSilos.Name)]
public sealed class MutationTests
{
    [Fact]
    public async Task Run_FenceRemoved_TheCheckerSeesIt()
    {
        var options = new ChaosOptions { Minutes = 0.3, Seed = 7, Mutation = Mutation.Fence, Only = Mutations.Faults(Mutation.Fence), HealPatience = TimeSpan.FromSeconds(5) };

        var report = await new ChaosRun(options).RunAsync(CancellationToken.None);

        Assert.True(report.Catches(Mutation.Fence), report.Text);
    }
}
