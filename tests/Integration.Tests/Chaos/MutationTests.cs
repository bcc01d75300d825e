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

    /// <summary>A machine that is busy with other things may do too little in a third of a minute to show anything.</summary>
    private static async Task AssertCaughtAsync(Mutation mutation, TimeSpan patience)
    {
        ChaosReport? report = null;
        foreach (var minutes in (double[])[0.3, 1.5])
        {
            var options = new ChaosOptions { Minutes = minutes, Seed = 7, Mutation = mutation, Only = Mutations.Faults(mutation), HealPatience = patience };
            report = await new ChaosRun(options).RunAsync(CancellationToken.None);
            if (report.Catches(mutation))
            {
                return;
            }
        }

        Assert.Fail(report!.Text);
    }
}
