using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;

namespace Actors.Grains.Tests.Store;

public abstract partial class RunStoreConformance
{
    private static readonly RunCommand s_cancel = new("cancel", "tester", "{}");

    [Fact]
    public async Task Beat_Member_RenewsItsLease()
    {
        var silo = await JoinedAsync();
        await AdvanceAsync(Lease / 2);
        var beat = await Store.BeatAsync(silo, default);
        await AdvanceAsync(Lease / 1.5);
        await Store.EvictAsync(Lease, default);

        Assert.NotNull(beat);
        Assert.Equal(silo, Assert.Single(await Store.ListSilosAsync(default)).Id);
        Assert.Null(await Store.BeatAsync(SiloId.New(), default));
    }

    [Fact]
    public async Task Evict_SilentMember_FreesItsRunsWhichKeepTheirStrike()
    {
        var (silo, run) = await ClaimedAsync();
        await AdvanceAsync(Lease * 2);
        var freed = await Store.EvictAsync(Lease, default);
        var next = await JoinedAsync();
        var taken = Assert.Single(await Store.ClaimAsync(Wish(next), default)).Run;

        Assert.Equal(1, freed);
        Assert.Null(await Store.BeatAsync(silo, default));
        Assert.Empty(await Store.ClaimAsync(Wish(silo), default));
        Assert.Equal((run.Epoch + 1, 2, next), (taken.Epoch, taken.Strikes, taken.Owner));
        await Assert.ThrowsAsync<LostOwnershipException>(() => Store.CommitAsync(Commit(silo, run), default));
        Assert.Equal(0, await Store.EvictAsync(Lease, default));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Leave_Member_FreesItsRunsWithoutStrikeWhenItWasDrained(bool drained, int strikes)
    {
        var (silo, run) = await ClaimedAsync();
        await Store.LeaveAsync(silo, drained, default);
        var loaded = await Store.LoadAsync(run.State.RunId, default);

        Assert.Null(loaded!.Owner);
        Assert.Equal(strikes, loaded.Strikes);
        Assert.Empty(await Store.ListSilosAsync(default));
        Assert.Single(await Store.ClaimAsync(Wish(await JoinedAsync()), default));
    }

    [Fact]
    public async Task Claim_EpochFloor_GivesHigherEpochs()
    {
        var silo = await JoinedAsync();
        await Store.InsertAsync(New(), default);

        Assert.Equal((5L << 40) + 1, Assert.Single(await Store.ClaimAsync(Wish(silo, floor: 5L << 40), default)).Run.Epoch);
    }

    [Fact]
    public async Task Claim_SinceAFailoverThatTheSiloHasNotHeardOf_GivesNothing()
    {
        var silo = await JoinedAsync();
        var timeline = (await Store.BeatAsync(silo, default))!.Timeline;
        await Store.InsertAsync(New(), default);

        Assert.Empty(await Store.ClaimAsync(Wish(silo) with { Timeline = timeline - 1 }, default));
        Assert.Single(await Store.ClaimAsync(Wish(silo) with { Timeline = timeline }, default));
    }

    [Fact]
    public async Task Claim_NewerFormat_IsLeftToOthers()
    {
        var silo = await JoinedAsync();
        var id = await InsertedAsync(New(format: 2));
        await Store.PostAsync(await InsertedAsync(New(format: 2)), s_cancel, default);

        Assert.Empty(await Store.ClaimAsync(Wish(silo, format: 1), default));
        Assert.Contains(id, (await Store.ClaimAsync(Wish(silo, format: 2), default)).Select(c => c.Run.State.RunId));
    }

    [Fact]
    public async Task Claim_Queue_ByPriorityThenInFairShares()
    {
        var silo = await JoinedAsync();
        for (var i = 0; i < 6; i++)
        {
            await AdvanceAsync(TimeSpan.FromMilliseconds(2));
            await Store.InsertAsync(New(submitter: "greedy", workflow: i < 4 ? "w1" : "w2"), default);
        }

        await AdvanceAsync(TimeSpan.FromMilliseconds(2));
        await Store.InsertAsync(New(submitter: "modest"), default);
        await AdvanceAsync(TimeSpan.FromMilliseconds(2));
        await Store.InsertAsync(New(submitter: "urgent", priority: 5), default);
        var order = (await Store.ClaimAsync(Wish(silo, slots: 4), default)).Select(c => c.Run).ToList();

        Assert.Equal(["urgent", "greedy", "modest", "greedy"], order.Select(r => r.State.Submitter));
        Assert.Equal(["w1", "w2"], order.Where(r => r.State.Submitter == "greedy").Select(r => r.WorkflowId));
        Assert.Equal("greedy", Assert.Single(await Store.ClaimAsync(Wish(silo, slots: 1), default)).Run.State.Submitter);
    }

    [Fact]
    public async Task Claim_Quota_CountsWhatTheSubmitterHasRunning()
    {
        var silo = await JoinedAsync();
        await Store.InsertAsync(New(owner: silo), default);
        for (var i = 0; i < 5; i++)
        {
            await Store.InsertAsync(New(), default);
        }

        Assert.Equal(2, (await Store.ClaimAsync(Wish(silo, mostPerSubmitter: 3), default)).Count);
        Assert.Empty(await Store.ClaimAsync(Wish(silo, mostPerSubmitter: 3), default));
        Assert.Single(await Store.ClaimAsync(Wish(silo, mostPerSubmitter: 100) with { QueuedSlots = 1 }, default));
    }

    [Fact]
    public async Task Claim_QueuedRunPastItsDeadline_IsDue()
    {
        var silo = await JoinedAsync();
        var run = New();
        await Store.InsertAsync(run, default);
        Assert.Empty(await Store.ClaimAsync(Wish(silo) with { QueuedSlots = 0 }, default));
        await AdvanceAsync(run.State.Deadline - Now + TimeSpan.FromSeconds(1));

        Assert.Single(await Store.ClaimAsync(Wish(silo) with { QueuedSlots = 0 }, default));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(300)]
    public async Task Claim_DueRuns_InFairSharesUpToTheQuota(int greedy)
    {
        var silo = await JoinedAsync();
        await Task.WhenAll(Enumerable.Range(0, greedy).Select(_ => Store.InsertAsync(New(submitter: "greedy"), default)));
        await DueAtOnceAsync(silo, greedy);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        await Store.InsertAsync(New(submitter: "modest"), default);
        await DueAtOnceAsync(silo, 1, queuedOnly: true);
        var claim = Wish(silo, slots: 10, mostPerSubmitter: 2) with { QueuedSlots = 0 };
        var first = (await Store.ClaimAsync(claim, default)).Select(c => c.Run.State).ToList();

        Assert.Equal(["greedy", "greedy", "modest"], first.Select(s => s.Submitter).Order());
        Assert.Empty(await Store.ClaimAsync(claim, default));

        // A command is heard all the same, and a deadline.
        var waiting = (await Store.ListUnfinishedAsync("greedy", greedy, default)).Except(first.Select(s => s.RunId)).Last();
        await Store.PostAsync(waiting, s_cancel, default);
        Assert.Equal(waiting, Assert.Single(await Store.ClaimAsync(claim, default)).Run.State.RunId);
        await AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal(Math.Min(10, greedy - 3), (await Store.ClaimAsync(claim, default)).Count);
    }

    [Fact]
    public async Task Claim_FourSilosAtOnce_NeverTheSameRun()
    {
        var silos = new List<SiloId>();
        for (var i = 0; i < (ServesManySilos ? 4 : 1); i++)
        {
            silos.Add(await JoinedAsync());
        }

        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Store.InsertAsync(New(submitter: $"s{i % 5}"), default)));
        var taken = await Task.WhenAll(silos.Select(async silo =>
        {
            var mine = new List<RunId>();
            for (var round = 0; round < 40; round++)
            {
                mine.AddRange((await Store.ClaimAsync(Wish(silo, slots: 3), default)).Select(c => c.Run.State.RunId));
            }

            return mine;
        }));

        Assert.Equal(60, taken.Sum(t => t.Count));
        Assert.Equal(60, taken.SelectMany(t => t).Distinct().Count());
    }

    [Fact]
    public async Task Release_DormantRun_IsDueAtItsReminder()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run) with { Release = true }, default);
        Assert.Empty(await Store.ClaimAsync(Wish(silo), default));
        Assert.Empty(await Store.ListOwnedAsync(silo, default));
        await AdvanceAsync(run.State.Deadline - Now + TimeSpan.FromSeconds(1));

        Assert.Equal(run.Epoch + 1, Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run.Epoch);
    }

    [Fact]
    public async Task Release_BrokenActivation_IsDueAfterThePauseAndKeepsItsStrike()
    {
        var (silo, run) = await ClaimedAsync();
        var owned = Assert.Single(await Store.ListOwnedAsync(silo, default));
        await Store.ReleaseAsync(silo, owned with { Epoch = owned.Epoch - 1 }, TimeSpan.Zero, default);
        Assert.Single(await Store.ListOwnedAsync(silo, default));
        await Store.ReleaseAsync(silo, owned, TimeSpan.FromMinutes(1), default);
        Assert.Empty(await Store.ClaimAsync(Wish(silo) with { QueuedSlots = 0 }, default));
        await AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.Equal(run.Strikes + 1, Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run.Strikes);
    }

    [Fact]
    public async Task Post_OwnedRun_StopsCommitsThatHaveNotSeenIt()
    {
        var (silo, run) = await ClaimedAsync();
        Assert.True(await Store.PostAsync(run.State.RunId, s_cancel, default));
        await Assert.ThrowsAsync<CommandsWaitingException>(() => Store.CommitAsync(Commit(silo, run), default));
        await Assert.ThrowsAsync<CommandsWaitingException>(() => Store.CommitAsync(Commit(silo, run, Done(run, Now)), default));
        var inbox = Assert.Single(await Store.ReadInboxAsync(silo, null, default));
        await Store.CommitAsync(Commit(silo, run with { Commands = 1 }) with { Consumed = [inbox.Id] }, default);

        Assert.Equal((run.State.RunId, s_cancel), (inbox.Run, inbox.Command));
        Assert.Empty(await Store.ReadInboxAsync(silo, run.State.RunId, default));
        Assert.Equal((1L, 2L), ((await Store.LoadAsync(run.State.RunId, default))!.Commands, (await Store.LoadAsync(run.State.RunId, default))!.Version));
    }

    [Fact]
    public async Task Post_ManyAtOnce_ArriveInOrderOnceEach()
    {
        var (silo, run) = await ClaimedAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Store.PostAsync(run.State.RunId, new RunCommand("note", "tester", $"{i}"), default)));
        var inbox = await Store.ReadInboxAsync(silo, run.State.RunId, default);

        Assert.Equal(20, inbox.Select(c => c.Command.Body).Distinct().Count());
        Assert.Equal(inbox.Select(c => c.Id).Order(), inbox.Select(c => c.Id));
        Assert.Equal(20, (await Store.LoadAsync(run.State.RunId, default))!.Commands);
        Assert.Empty(await Store.ReadInboxAsync(SiloId.New(), run.State.RunId, default));
    }

    [Fact]
    public async Task Post_DormantRun_MakesItDueAndIsClaimedWithIt()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run) with { Release = true }, default);
        await Store.PostAsync(run.State.RunId, s_cancel, default);
        var claimed = Assert.Single(await Store.ClaimAsync(Wish(silo), default));

        Assert.Equal(s_cancel, Assert.Single(claimed.Inbox).Command);
        Assert.Equal(1, claimed.Run.Commands);
    }

    [Fact]
    public async Task Release_CommandLeftInTheInbox_IsDueAtOnce()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.PostAsync(run.State.RunId, s_cancel, default);
        await Store.CommitAsync(Commit(silo, run with { Commands = 1 }) with { Release = true }, default);

        Assert.Single((await Store.ClaimAsync(Wish(silo) with { QueuedSlots = 0 }, default)).Select(c => c.Inbox).Single());
    }

    [Fact]
    public async Task MeasureQueue_CountsWhatWaitsUpToTheMost()
    {
        Assert.Equal((0, TimeSpan.Zero), await MeasureAsync(10));
        await Store.InsertAsync(New(), default);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        await Store.InsertAsync(New(), default);
        await Store.InsertAsync(New(), default);
        var (waiting, age) = await MeasureAsync(2);

        Assert.Equal(2, waiting);
        Assert.InRange(age, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.Equal(3, (await MeasureAsync(10)).Waiting);
    }

    [Fact]
    public async Task MeasureQueue_WhatWaitsForSomethingElseThanASlot_HasNoAge()
    {
        var silo = await JoinedAsync();
        await Store.InsertAsync(New("greedy", owner: silo), default);
        await Store.InsertAsync(New("greedy"), default);
        await Store.InsertAsync(New("early", format: 2), default);
        await AdvanceAsync(TimeSpan.FromMinutes(9));
        await Store.InsertAsync(New("modest", priority: 1), default);
        await AdvanceAsync(TimeSpan.FromMinutes(1));

        var full = await Store.MeasureQueueAsync(10, 1, 1, default);
        var free = await Store.MeasureQueueAsync(10, 1, 2, default);
        var newer = await Store.MeasureQueueAsync(10, 2, 1, default);

        Assert.Equal((3, 3, 3), (full.Waiting, free.Waiting, newer.Waiting));
        Assert.InRange(full.OldestAge(), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.InRange(free.OldestAge(), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11));
        Assert.InRange(free.OldestAge(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.InRange(newer.OldestAge(), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(11));
        Assert.Equal(TimeSpan.Zero, newer.OldestAge(2));
    }

    private async Task<(int Waiting, TimeSpan Age)> MeasureAsync(int most)
    {
        var depth = await Store.MeasureQueueAsync(most, 1, 100, default);
        return (depth.Waiting, depth.OldestAge());
    }

    [Fact]
    public async Task Commit_MereRecovery_KeepsStrikes()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run) with { Progress = false }, default);

        Assert.Equal(1, (await Store.LoadAsync(run.State.RunId, default))!.Strikes);
    }

    [Fact]
    public async Task Claim_Suspects_AreTakenOneAtATimeAndOnlyWhenAsked()
    {
        var silo = await JoinedAsync();
        for (var i = 0; i < 3; i++)
        {
            await Store.InsertAsync(New(), default);
        }

        var struck = (await Store.ClaimAsync(Wish(silo, slots: 2), default)).Select(r => new OwnedRun(r.Run.State.RunId, r.Run.Epoch)).ToList();
        foreach (var run in struck)
        {
            await Store.ReleaseAsync(silo, run, TimeSpan.Zero, default);
        }

        var other = Assert.Single(await Store.ClaimAsync(Wish(silo) with { SuspectStrikes = 1 }, default));
        var suspect = Assert.Single(await Store.ClaimAsync(Wish(silo) with { SuspectStrikes = 1, TakesSuspect = true }, default));

        Assert.DoesNotContain(other.Run.State.RunId, struck.Select(s => s.Id));
        Assert.Equal(2, suspect.Run.Strikes);
        Assert.Contains(suspect.Run.State.RunId, struck.Select(s => s.Id));
    }

    [Fact]
    public async Task Find_ByKey_GivesTheSubmittersRunFinishedOrNot()
    {
        var (silo, run) = await ClaimedAsync();
        var kept = await InsertedAsync(New(key: "k"));
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);

        Assert.Equal((kept, "request", false), await Store.FindAsync("tester", "k", default) is { } found ? (found.Run.State.RunId, found.RequestHash, found.Created) : default);
        Assert.Null(await Store.FindAsync("tester", "other", default));
        Assert.Null(await Store.FindAsync("stranger", "k", default));
    }

    // As after a broken activation, without the rest.
    private async Task DueAtOnceAsync(SiloId silo, int count, bool queuedOnly = false)
    {
        var claimed = queuedOnly ? await Store.ClaimAsync(Wish(silo, slots: count) with { SuspectStrikes = 1 }, default) : await Store.ClaimAsync(Wish(silo, slots: count, mostPerSubmitter: count), default);
        Assert.Equal(count, claimed.Count);
        await Task.WhenAll(claimed.Select(c => Store.ReleaseAsync(silo, new OwnedRun(c.Run.State.RunId, c.Run.Epoch), TimeSpan.Zero, default)));
    }
}
