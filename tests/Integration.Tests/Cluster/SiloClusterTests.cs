using Actors.Grains.Interfaces;
using Actors.Testing;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;

namespace Actors.Integration.Tests.Cluster;

/// <summary>Three silos as real processes on one PostgreSQL, shared by the tests.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    /// <summary>Of the collection of what starts a cluster: one at a time.</summary>
    public const string Name = "silo clusters";

    public SiloCluster Cluster { get; private set; } = null!;

    public McpCaller Caller { get; } = new();

    public async Task InitializeAsync() =>
        Cluster = await SiloCluster.StartAsync(new SiloClusterOptions { Silos = 3, Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["ACTORS__SILO__LEASESECONDS"] = "6" } });

    public async Task DisposeAsync()
    {
        Caller.Dispose();
        await Cluster.DisposeAsync();
    }

    internal async Task<RunView> DoneAsync(SiloNode silo, string run)
    {
        RunView view;
        do
        {
            view = await Caller.WaitAsync(silo.Url, run, 20, CancellationToken.None);
        }
        while (view.Status != RunStatus.Done);

        return view;
    }
}

/// <summary>What only several silos can get wrong.</summary>
[Collection(ThreeSilos.Name)]
public sealed class SiloClusterTests(ThreeSilos silos) : IClassFixture<ThreeSilos>
{
    private SiloNode One => silos.Cluster.Silos[0];

    private SiloNode Two => silos.Cluster.Silos[1];

    private SiloNode Three => silos.Cluster.Silos[2];

    [Fact]
    public async Task Cancel_FromAnotherSilo_EndsTheRunAndStartsNoStep()
    {
        var run = await SubmitAsync(One, 60_000);
        await ExecutedAsync(run, 1);
        await silos.Caller.CancelAsync(Two.Url, run, CancellationToken.None);

        Assert.Equal(RunOutcome.Cancelled, (await silos.DoneAsync(Three, run)).Outcome);
        Assert.Single(Executed(run));
    }

    [Fact]
    public async Task Submit_SameKeyOnTwoSilosAtOnce_IsOneRun()
    {
        for (var i = 0; i < 10; i++)
        {
            var key = Guid.NewGuid().ToString();
            var both = await Task.WhenAll(SubmitAsync(One, 0, key), SubmitAsync(Two, 0, key));

            Assert.Equal(both[0], both[1]);
            await silos.DoneAsync(Three, both[0]);
            Assert.Equal(3, Executed(both[0]).Count);
        }
    }

    [Fact]
    public async Task KillOwner_InMidCall_AnotherSiloEndsTheRunWithoutARepeat()
    {
        var run = await SubmitAsync(One, 500);
        await ExecutedAsync(run, 1);
        await One.KillAsync();
        var view = await silos.DoneAsync(Two, run);
        await One.StartAsync();

        Assert.Equal(RunOutcome.Succeeded, view.Outcome);
        Assert.Equal(3, Executed(run).Count);
    }

    /// <summary>Once with connections that break, once with a network that loses every packet and tells nobody.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CutDatabase_OfTheOwner_ItFencesItselfAndAnotherSiloGoesOn(bool silently)
    {
        var run = await SubmitAsync(One, 1_000);
        await ExecutedAsync(run, 1);
        if (silently)
        {
            One.Proxy.OpenHole();
        }
        else
        {
            One.Proxy.Cut();
        }

        var view = await silos.DoneAsync(Two, run);
        var isReady = await One.IsReadyAsync();
        One.Proxy.Heal();
        await One.ReadyAsync();

        Assert.Equal(RunOutcome.Succeeded, view.Outcome);
        Assert.False(isReady);
        Assert.Equal(3, Executed(run).Count);
    }

    private async Task<string> SubmitAsync(SiloNode silo, int milliseconds, string? key = null) =>
        (await silos.Caller.SubmitAsync(silo.Url, NullWorkflows.Three, new { ms = milliseconds }, key, CancellationToken.None)).RunId;

    private List<LedgerEntry> Executed(string run) => [.. Ledger.Read(silos.Cluster.LedgerFile).Where(e => e.Kind == LedgerKinds.Executed && e.Run == run)];

    private Task ExecutedAsync(string run, int calls) => Poll.UntilAsync(() => Executed(run).Count >= calls);
}
