using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tests.Simulation;
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
        await _store.LeaveAsync(before.Silo, default);
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
