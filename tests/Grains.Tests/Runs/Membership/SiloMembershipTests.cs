using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tests.Simulation;
using Actors.Grains.Tracing;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Tests.Runs.Membership;

public sealed class SiloMembershipTests : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Beat = Lease / 5;
    private readonly FakeTimeProvider _time = new();
    private readonly ModelRunStore _store;
    private readonly SiloMembership _membership;

    public SiloMembershipTests()
    {
        _store = new ModelRunStore(_time);
        _membership = new SiloMembership(_store, new DatabaseClock(_time), new TaskHeart(_time), new SiloIdentity("a", "1"), Lease, NullLogger.Instance);
    }

    [Fact]
    public void Start_JoinsAndStaysMemberByBeating()
    {
        _membership.Start();
        var silo = _membership.Current!.Silo;
        for (var beat = 0; beat < 20; beat++)
        {
            _time.Advance(Beat);
        }

        Assert.Equal(silo, _membership.Current!.Silo);
        Assert.Equal(_time.GetUtcNow(), _store.World.Silos[silo].HeartbeatAt);
    }

    [Fact]
    public async Task Current_Evicted_IsOverAtTheNextBeatAndANewOneFollows()
    {
        _membership.Start();
        var before = _membership.Current!;
        await _store.LeaveAsync(before.Silo, drained: true, default);
        _time.Advance(Beat);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.True(before.Over.IsCancellationRequested);
        Assert.NotEqual(before.Silo, _membership.Current!.Silo);
    }

    [Fact]
    public void Current_DatabaseFailedOver_IsOverAndEpochsStartHigher()
    {
        _membership.Start();
        var before = _membership.Current!;
        _store.FailOver(0);
        _time.Advance(Beat);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.True(before.Over.IsCancellationRequested);
        Assert.True(_membership.Current!.EpochFloor > before.EpochFloor);
    }

    [Fact]
    public async Task Leave_GivesTheMembershipUpAtOnce()
    {
        _membership.Start();
        var tenure = _membership.Current!;
        await _membership.LeaveAsync(TimeSpan.FromSeconds(5));

        Assert.True(tenure.Over.IsCancellationRequested);
        Assert.Null(_membership.Current);
        Assert.Empty(_store.World.Silos);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Rejoin_AfterAFreeze_LeavesTheStrikeThatADrainTakesBack(bool freezes, int strikes)
    {
        _membership.Start();
        var tenure = _membership.Current!;
        var run = TestWorkflows.NewRun(TestWorkflows.TwoSteps, _time.GetUtcNow());
        var trace = new TraceWriter(new TraceRedactor(new RedactionOptions())).Append(run.RunId, 0, TraceChain.Genesis, [new TraceDraft(_time.GetUtcNow(), "test", JsonElement.Parse("{}"))]);
        await _store.InsertAsync(new NewRun(run, TestWorkflows.TwoSteps, "hash", null, "", trace, tenure.Silo), default);
        if (freezes)
        {
            // As when it sees at its next beat that two thirds of the lease are over.
            tenure.End();
            _time.Advance(Beat);
            Assert.NotEqual(tenure.Silo, _membership.Current!.Silo);
        }
        else
        {
            await _membership.LeaveAsync(TimeSpan.FromSeconds(5));
        }

        var stored = (await _store.LoadAsync(run.RunId, default))!;
        Assert.Equal((null, strikes), (stored.Owner, stored.Strikes));
    }

    [Fact]
    public void Tenure_NotRenewed_EndsAtItsSafeTimeByTheMonotonicClock()
    {
        using var tenure = new Tenure(SiloId.New(), 1, _time.GetTimestamp(), TimeSpan.FromSeconds(10), _time);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(tenure.TryRenew(_time.GetTimestamp()));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(tenure.Holds);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(tenure.Holds);
        Assert.True(tenure.Over.IsCancellationRequested);
        Assert.Throws<OperationCanceledException>(tenure.ThrowIfOver);
        Assert.False(tenure.TryRenew(_time.GetTimestamp()));
    }

    [Fact]
    public void Tenure_RenewedByAnOldRequest_CountsFromWhenItWasSent()
    {
        using var tenure = new Tenure(SiloId.New(), 1, _time.GetTimestamp(), TimeSpan.FromSeconds(10), _time);
        var sent = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(8));
        tenure.TryRenew(sent);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.False(tenure.Holds);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _membership.LeaveAsync(TimeSpan.FromSeconds(1));
        _membership.Dispose();
    }
}
