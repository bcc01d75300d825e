using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;

namespace Actors.Grains.Tests.Store;

public abstract partial class RunStoreConformance
{
    [Fact]
    public async Task Insert_NewRun_CanBeLoadedWithItsTraceAndDefinition()
    {
        var run = New();
        var inserted = await Store.InsertAsync(run, default);
        var loaded = await Store.LoadAsync(run.State.RunId, default);
        var trace = await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default);

        Assert.True(inserted.Created);
        Assert.Equal((1L, 0L, 1L, 0L, 0), (loaded!.Version, loaded.Epoch, loaded.TraceLength, loaded.Commands, loaded.Strikes));
        Assert.Null(loaded.Owner);
        Assert.Null(loaded.State.Params);
        Assert.Equal(run.Trace[0].Hash, loaded.TraceHead);
        Assert.Equal(run.Trace[0].Data.GetRawText(), Assert.Single(trace!.Entries).Data.GetRawText());
        Assert.Null(TraceChain.Verify(run.State.RunId.Value, trace.Entries));
        Assert.Equal(run.DefinitionHash, (await Store.LoadDefinitionAsync(run.DefinitionHash, default))!.DefinitionHash);
    }

    [Fact]
    public async Task Load_UnknownRun_IsNull()
    {
        var id = RunId.New(Now);

        Assert.Null(await Store.LoadAsync(id, default));
        Assert.Null(await Store.ReadTraceAsync(id, 0, 10, 1 << 20, default));
        Assert.Null(await Store.LoadDefinitionAsync("none", default));
        Assert.False(await Store.PostAsync(id, new RunCommand("cancel", "tester", "{}"), default));
    }

    [Fact]
    public async Task Insert_ManyAtOnceWithOneKey_CreatesOneRun()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.InsertAsync(New(key: "k"), default)));
        var other = await Store.InsertAsync(New(submitter: "somebody else", key: "k"), default);

        Assert.Single(results, r => r.Created);
        Assert.Single(results.Select(r => r.Run.State.RunId).Distinct());
        Assert.Equal("request", results[0].RequestHash);
        Assert.True(other.Created);
    }

    [Fact]
    public async Task Insert_KeyOfAFinishedRun_GivesThatRun()
    {
        var silo = await JoinedAsync();
        var first = await InsertedAsync(New(key: "k"));
        var run = Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run;
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);
        var again = await Store.InsertAsync(New(key: "k"), default);

        Assert.False(again.Created);
        Assert.Equal((first, RunStatus.Done), (again.Run.State.RunId, again.Run.State.Status));
    }

    [Fact]
    public async Task Insert_WithOwner_IsOwnedByAMemberOnly()
    {
        var silo = await JoinedAsync();
        var id = await InsertedAsync(New(owner: silo));
        var stranger = New(key: "k", owner: SiloId.New());
        await Assert.ThrowsAsync<LostOwnershipException>(() => Store.InsertAsync(stranger, default));
        var loaded = await Store.LoadAsync(id, default);

        Assert.Equal((silo, 1L, 1), (loaded!.Owner, loaded.Epoch, loaded.Strikes));
        Assert.Empty(await Store.ClaimAsync(Wish(silo), default));
        Assert.Null(await Store.LoadAsync(stranger.State.RunId, default));
        Assert.True((await Store.InsertAsync(New(key: "k"), default)).Created);
    }

    [Fact]
    public async Task Commit_OwnersWrite_StoresStateAndTrace()
    {
        var (silo, run) = await ClaimedAsync();
        var commit = Commit(silo, run, entries: 3);
        await Store.CommitAsync(commit, default);
        var loaded = await Store.LoadAsync(run.State.RunId, default);
        var trace = await Store.ReadTraceAsync(run.State.RunId, 0, 100, 1 << 20, default);

        Assert.Equal((2L, 4L, commit.Trace[^1].Hash, 0), (loaded!.Version, loaded.TraceLength, loaded.TraceHead, loaded.Strikes));
        Assert.Equal((RunStatus.Running, silo), (loaded.State.Status, loaded.Owner));
        Assert.Null(TraceChain.Verify(run.State.RunId.Value, trace!.Entries));
        Assert.False(trace.Sealed);
    }

    [Fact]
    public async Task Commit_WrongFence_WritesNothing()
    {
        var (silo, run) = await ClaimedAsync();
        RunCommit[] wrong =
        [
            Commit(SiloId.New(), run),
            Commit(silo, run with { Epoch = run.Epoch - 1 }),
            Commit(silo, run with { Version = run.Version + 1 }),
            Commit(silo, run with { Epoch = run.Epoch - 1 }, Done(run, Now)),
        ];
        foreach (var commit in wrong)
        {
            await Assert.ThrowsAsync<LostOwnershipException>(() => Store.CommitAsync(commit, default));
        }

        var page = await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default);
        Assert.Equal((1L, 1, false), (page!.Total, page.Entries.Count, page.Sealed));
    }

    [Fact]
    public async Task Commit_TwiceAtOnceFromOneVersion_WritesOnce()
    {
        var (silo, run) = await ClaimedAsync();
        var commit = Commit(silo, run);
        var tries = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => await Record.ExceptionAsync(() => Store.CommitAsync(commit, default))));

        Assert.Single(tries, e => e is null);
        Assert.Equal(7, tries.Count(e => e is LostOwnershipException));
        Assert.Equal(2, (await Store.LoadAsync(run.State.RunId, default))!.TraceLength);
    }

    [Fact]
    public async Task Commit_Done_SealsTheRunAndTakesItFromEverybody()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.PostAsync(run.State.RunId, new RunCommand("note", "tester", "{}"), default);
        await Store.CommitAsync(Commit(silo, run with { Commands = 1 }, Done(run, Now)), default);
        await AdvanceAsync(TimeSpan.FromDays(1));
        var loaded = await Store.LoadAsync(run.State.RunId, default);

        Assert.Equal((RunStatus.Done, 2L, run.Epoch), (loaded!.State.Status, loaded.Version, loaded.Epoch));
        Assert.Null(loaded.Owner);
        Assert.True((await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default))!.Sealed);
        Assert.Empty(await Store.ListOwnedAsync(silo, default));
        Assert.Empty(await Store.ReadInboxAsync(silo, null, default));
        Assert.Empty(await Store.ClaimAsync(Wish(silo), default));
        Assert.False(await Store.PostAsync(run.State.RunId, new RunCommand("cancel", "tester", "{}"), default));
    }

    [Fact]
    public async Task Commit_LargeValues_AreThereForTheNextOwner()
    {
        var (silo, run) = await ClaimedAsync(Large('p').GetRawText());
        var first = Commit(silo, run, run.State with { Steps = run.State.Steps.SetItem(0, run.State.Steps[0] with { Result = Large('r') }) });
        await Store.CommitAsync(first, default);
        var changed = After(first);
        var second = Commit(silo, changed, changed.State with { Steps = changed.State.Steps.SetItem(0, changed.State.Steps[0] with { Result = null }).SetItem(1, changed.State.Steps[1] with { Result = Large('s') }) });
        await Store.CommitAsync(second, default);
        await Store.LeaveAsync(silo, drained: true, default);
        var next = Assert.Single(await Store.ClaimAsync(Wish(await JoinedAsync()), default)).Run;

        Assert.Equal(Large('p').GetRawText(), next.State.Params!.Value.GetRawText());
        Assert.Null(next.State.Steps[0].Result);
        Assert.Equal(Large('s').GetRawText(), next.State.Steps[1].Result!.Value.GetRawText());
        Assert.Null((await Store.LoadAsync(run.State.RunId, default))!.State.Steps[1].Result);
    }

    [Fact]
    public async Task Commit_ManyRunsAtOnce_EachGetsItsOwnAnswer()
    {
        var silo = await JoinedAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Store.InsertAsync(New(), default)));
        var runs = await Store.ClaimAsync(Wish(silo, slots: 40), default);
        var tries = await Task.WhenAll(runs.Select(async (r, i) =>
            await Record.ExceptionAsync(() => Store.CommitAsync(Commit(silo, i % 10 == 3 ? r.Run with { Epoch = 77 } : r.Run, i % 2 == 0 ? Done(r.Run, Now) : null), default))));

        Assert.Equal(4, tries.Count(e => e is LostOwnershipException));
        Assert.Equal(36, tries.Count(e => e is null));
        for (var i = 0; i < runs.Count; i++)
        {
            Assert.Equal(i % 10 == 3 ? 1 : 2, (await Store.LoadAsync(runs[i].Run.State.RunId, default))!.TraceLength);
        }
    }

    [Fact]
    public async Task ReadTrace_Pages_InOrderWithinLimits()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run, entries: 9), default);
        var read = new List<TraceEntry>();
        while (await Store.ReadTraceAsync(run.State.RunId, read.Count, 4, 1 << 20, default) is { Entries.Count: > 0 } page)
        {
            Assert.True(page.Entries.Count <= 4);
            read.AddRange(page.Entries);
        }

        Assert.Equal(10, read.Count);
        Assert.Null(TraceChain.Verify(run.State.RunId.Value, read));
        Assert.Single((await Store.ReadTraceAsync(run.State.RunId, 0, 100, 1, default))!.Entries);
        Assert.Equal(5, (await Store.ReadTraceAsync(run.State.RunId, 5, 100, 1 << 20, default))!.Entries.Count);
    }

    [Fact]
    public async Task List_EveryFilter_PagesOverFinishedAndUnfinished()
    {
        var silo = await JoinedAsync();
        var all = new List<StoredRun>();
        for (var i = 0; i < 12; i++)
        {
            await AdvanceAsync(TimeSpan.FromMilliseconds(2));
            await Store.InsertAsync(New(submitter: i % 2 == 0 ? "a" : "b", workflow: i % 3 == 0 ? "x" : "y"), default);
        }

        foreach (var claimed in (await Store.ClaimAsync(Wish(silo, slots: 5), default)).Take(5))
        {
            await Store.CommitAsync(Commit(silo, claimed.Run, Done(claimed.Run, Now)), default);
        }

        all.AddRange(await Store.ListAsync(new RunFilter(), null, 100, default));
        Assert.Equal(12, all.Count);
        foreach (var filter in from s in new[] { null, "a" } from w in new[] { null, "x" } from t in new RunStatus?[] { null, RunStatus.Done, RunStatus.Queued } 
                 from m in new[] { null, new[] { "x", "z" } } select new RunFilter(s, w, t) { WorkflowIds = m })
        {
            var expected = all.Where(r => (filter.Submitter ?? r.State.Submitter) == r.State.Submitter && (filter.WorkflowId ?? r.WorkflowId) == r.WorkflowId && (filter.WorkflowIds?.Contains(r.WorkflowId) ?? true) && (filter.Status ?? r.State.Status) == r.State.Status);
            var paged = new List<StoredRun>();
            while (await Store.ListAsync(filter, paged.Count == 0 ? null : paged[^1].State.RunId, 2, default) is { Count: > 0 } page)
            {
                paged.AddRange(page);
            }

            Assert.Equal(expected.Select(r => r.State.RunId), paged.Select(r => r.State.RunId));
        }

        Assert.Equal(all.Select(r => r.State.RunId.Value).OrderDescending(StringComparer.Ordinal), all.Select(r => r.State.RunId.Value));
    }

    [Fact]
    public async Task FindOwner_TellsWhoseItIs_ForUnfinishedAndFinished()
    {
        var (silo, run) = await ClaimedAsync();
        var open = await InsertedAsync(New(submitter: "other", workflow: "x"));
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);

        Assert.Equal(new RunOwner("tester", "two-steps"), await Store.FindOwnerAsync(run.State.RunId, default));
        Assert.Equal(new RunOwner("other", "x"), await Store.FindOwnerAsync(open, default));
        Assert.Null(await Store.FindOwnerAsync(RunId.New(Now), default));
    }

    [Fact]
    public async Task ListUnfinished_CountsOneSubmittersOpenRuns_UpToTheMost()
    {
        var (silo, run) = await ClaimedAsync();
        RunId[] open = [await InsertedAsync(New()), await InsertedAsync(New())];
        await InsertedAsync(New(submitter: "other"));
        Assert.Equal(3, (await Store.ListUnfinishedAsync("tester", 10, default)).Count);
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);

        Assert.Equal(open.Select(r => r.Value).Order(StringComparer.Ordinal), (await Store.ListUnfinishedAsync("tester", 10, default)).Select(r => r.Value).Order(StringComparer.Ordinal));
        Assert.Single(await Store.ListUnfinishedAsync("tester", 1, default));
        Assert.Empty(await Store.ListUnfinishedAsync("nobody", 10, default));
    }

    [Fact]
    public async Task Maintain_RemovesWhatEndedBeforeTheRetention()
    {
        var silo = await JoinedAsync();
        var old = await InsertedAsync(New(key: "old"));
        var run = Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run;
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);
        var open = await InsertedAsync(New());
        await AdvanceAsync(TimeSpan.FromDays(3));

        Assert.Equal(0, await Store.MaintainAsync(TimeSpan.FromDays(4), default));
        Assert.NotNull(await Store.LoadAsync(old, default));
        Assert.Equal(1, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        Assert.Null(await Store.LoadAsync(old, default));
        Assert.Null(await Store.ReadTraceAsync(old, 0, 10, 1 << 20, default));
        Assert.NotNull(await Store.LoadAsync(open, default));
        Assert.NotNull((await Store.ReadTraceAsync(open, 0, 10, 1 << 20, default))!.Entries[0]);
        Assert.True((await Store.InsertAsync(New(key: "old"), default)).Created);
    }
}
