using Actors.Chaos;
using Actors.Integration.Tests.Cluster;

namespace Actors.Integration.Tests.Chaos;

/// <summary>A product that is broken on purpose is caught by the checker for its reason, from the history of real silos.</summary>
[Collection(ThreeSilos.Name)]
public sealed class MutationTests
{
    [Fact]
    public Task Run_FenceRemoved_TheCheckerSeesIt() => AssertCaughtAsync(Mutation.Fence, TimeSpan.FromSeconds(5));

    [Fact]
    public Task Run_TransactionSplit_TheCheckerSeesIt() => AssertCaughtAsync(Mutation.Split, TimeSpan.FromSeconds(5));

    [Fact]
    public Task Run_ClientsClockUsed_TheCheckerSeesIt() => AssertCaughtAsync(Mutation.Clock, TimeSpan.FromSeconds(5));

    /// <summary>Only what is not done long after every lease is over was forgotten.</summary>
    [Fact]
    public Task Run_PollDropped_TheCheckerSeesIt() => AssertCaughtAsync(Mutation.Poll, TimeSpan.FromSeconds(40));

    private static async Task AssertCaughtAsync(Mutation mutation, TimeSpan patience)
    {
        var options = new ChaosOptions { Minutes = 0.3, Seed = 7, Mutation = mutation, Only = Mutations.Faults(mutation), HealPatience = patience };

        var report = await new ChaosRun(options).RunAsync(CancellationToken.None);

        Assert.True(report.Catches(mutation), report.Text);
    }
}
