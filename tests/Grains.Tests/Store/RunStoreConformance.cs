using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Tests.Runs;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Store;

/// <summary>What every run store must do.</summary>
public abstract class RunStoreConformance
{
    private static readonly DateTimeOffset Now = TestEvents.Start;
    private readonly TraceWriter _trace = new(new TraceRedactor(new RedactionOptions()));

    private protected abstract IRunStore Store { get; }

    [Fact]
    public async Task Insert_NewRun_CanBeLoadedWithItsTraceAndDefinition()
    {
        var run = New();
        var inserted = await Store.InsertAsync(run, 1000, default);
        var loaded = await Store.LoadAsync(run.State.RunId, default);
        var trace = await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default);
        var definition = await Store.LoadDefinitionAsync(run.DefinitionHash, default);

        Assert.True(inserted!.Created);
        Assert.Equal((1L, 0L, 1L), (loaded!.Version, loaded.Epoch, loaded.TraceLength));
        Assert.Equal(run.State.Params!.Value.GetRawText(), loaded.State.Params!.Value.GetRawText());
        Assert.Equal(run.Trace[0].Hash, loaded.TraceHead);
        Assert.Equal(run.Trace[0].Data.GetRawText(), Assert.Single(trace!.Entries).Data.GetRawText());
        Assert.Null(TraceChain.Verify(run.State.RunId.Value, trace.Entries));
        Assert.Equal(run.DefinitionHash, definition!.DefinitionHash);
    }

    [Fact]
    public async Task Load_UnknownRun_IsNull()
    {
        var id = RunId.New(Now);

        Assert.Null(await Store.LoadAsync(id, default));
        Assert.Null(await Store.ClaimAsync(id, default));
        Assert.Null(await Store.ReadTraceAsync(id, 0, 10, 1 << 20, default));
        Assert.Null(await Store.LoadDefinitionAsync("none", default));
    }

    [Fact]
    public async Task Insert_SameIdempotencyKey_GivesTheFirstRun()
    {
        var first = New(key: "k1");
        var second = New(key: "k1") with { RequestHash = "other" };
        await Store.InsertAsync(first, 1000, default);
        var repeated = await Store.InsertAsync(second, 1000, default);

        Assert.False(repeated!.Created);
        Assert.Equal(first.State.RunId, repeated.Run.State.RunId);
        Assert.Equal(first.RequestHash, repeated.RequestHash);
        Assert.Null(await Store.LoadAsync(second.State.RunId, default));
    }

    [Fact]
    public async Task Insert_SameKeyOfAnotherSubmitter_IsAnotherRun()
    {
        await Store.InsertAsync(New(key: "k2"), 1000, default);
        var other = New(key: "k2");
        var inserted = await Store.InsertAsync(other with { State = other.State with { Submitter = "somebody else" } }, 1000, default);

        Assert.True(inserted!.Created);
    }

    [Fact]
    public async Task Insert_ManyAtOnceWithOneKey_CreatesOneRun()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.InsertAsync(New(key: "k3"), 1000, default)));

        Assert.Single(results, r => r!.Created);
        Assert.Single(results.Select(r => r!.Run.State.RunId).Distinct());
    }

    [Fact]
    public async Task Commit_OwnersWrite_StoresStateTraceAndReminder()
    {
        var run = await ClaimedAsync();
        var state = run.State with { Status = RunStatus.Running };
        var entries = Entries(run, 3);
        await Store.CommitAsync(new RunCommit(state, run.Epoch, run.Version, entries), default);
        var loaded = await Store.LoadAsync(state.RunId, default);
        var trace = await Store.ReadTraceAsync(state.RunId, 0, 100, 1 << 20, default);

        Assert.Equal((2L, 4L, entries[^1].Hash), (loaded!.Version, loaded.TraceLength, loaded.TraceHead));
        Assert.Equal(RunStatus.Running, loaded.State.Status);
        Assert.Null(TraceChain.Verify(state.RunId.Value, trace!.Entries));
        Assert.False(trace.Sealed);
        Assert.Contains(state.RunId, await Store.FindDueAsync(state.Deadline, 1000, default));
        Assert.DoesNotContain(state.RunId, await Store.FindDueAsync(state.Deadline - TimeSpan.FromSeconds(1), 1000, default));
    }

    [Fact]
    public async Task Commit_ByAnEarlierOwner_WritesNothing()
    {
        var run = await ClaimedAsync();
        await Store.ClaimAsync(run.State.RunId, default);

        await Assert.ThrowsAsync<LostOwnershipException>(() => Store.CommitAsync(new RunCommit(run.State, run.Epoch, run.Version, Entries(run, 1)), default));
        Assert.Equal(1, (await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default))!.Total);
        Assert.Single((await Store.ReadTraceAsync(run.State.RunId, 0, 10, 1 << 20, default))!.Entries);
    }

    [Fact]
    public async Task Commit_TwiceFromTheSameVersion_WritesOnce()
    {
        var run = await ClaimedAsync();
        var commit = new RunCommit(run.State, run.Epoch, run.Version, Entries(run, 1));
        await Store.CommitAsync(commit, default);

        await Assert.ThrowsAsync<LostOwnershipException>(() => Store.CommitAsync(commit, default));
        Assert.Equal(2, (await Store.LoadAsync(run.State.RunId, default))!.TraceLength);
    }

    [Fact]
    public async Task Commit_DoneRun_IsSealedAndNeverDueOrFound()
    {
        var run = await ClaimedAsync();
        var state = run.State with { Status = RunStatus.Done, Outcome = RunOutcome.Succeeded };
        await Store.CommitAsync(new RunCommit(state, run.Epoch, run.Version, Entries(run, 1)), default);

        Assert.True((await Store.ReadTraceAsync(state.RunId, 0, 10, 1 << 20, default))!.Sealed);
        Assert.DoesNotContain(state.RunId, await Store.FindDueAsync(DateTimeOffset.MaxValue, 1000, default));
        Assert.DoesNotContain(state.RunId, await Store.FindAsync(RunStatus.Queued, 1000, default));
    }

    [Fact]
    public async Task Find_Queued_OldestFirst()
    {
        var runs = new List<RunId>();
        for (var i = 0; i < 3; i++)
        {
            var run = New(at: Now.AddSeconds(i));
            await Store.InsertAsync(run, 1000, default);
            runs.Add(run.State.RunId);
        }

        var found = await Store.FindAsync(RunStatus.Queued, 1000, default);

        Assert.Equal(runs, found.Where(runs.Contains));
    }

    [Fact]
    public async Task ReadTrace_Pages_InOrderWithoutGap()
    {
        var run = await ClaimedAsync();
        await Store.CommitAsync(new RunCommit(run.State, run.Epoch, run.Version, Entries(run, 9)), default);
        var read = new List<TraceEntry>();
        while (await Store.ReadTraceAsync(run.State.RunId, read.Count, 4, 1 << 20, default) is { Entries.Count: > 0 } page)
        {
            Assert.True(page.Entries.Count <= 4);
            read.AddRange(page.Entries);
        }

        Assert.Equal(10, read.Count);
        Assert.Null(TraceChain.Verify(run.State.RunId.Value, read));
    }

    [Fact]
    public async Task ReadTrace_LargeEntries_StopsAtTheByteBudgetButGivesOne()
    {
        var run = await ClaimedAsync();
        await Store.CommitAsync(new RunCommit(run.State, run.Epoch, run.Version, Entries(run, 5)), default);
        var all = (await Store.ReadTraceAsync(run.State.RunId, 0, 100, 1 << 20, default))!.Entries;
        var two = all[0].Data.GetRawText().Length + all[1].Data.GetRawText().Length;

        Assert.Equal(2, (await Store.ReadTraceAsync(run.State.RunId, 0, 100, two, default))!.Entries.Count);
        Assert.Single((await Store.ReadTraceAsync(run.State.RunId, 0, 100, 1, default))!.Entries);
    }

    [Fact]
    public async Task Insert_QueueFull_StoresNothingButStillFindsARepeat()
    {
        var first = New(key: "k4");
        await Store.InsertAsync(first, 1000, default);
        var second = New();

        Assert.Null(await Store.InsertAsync(second, 1, default));
        Assert.Null(await Store.LoadAsync(second.State.RunId, default));
        Assert.Equal(first.State.RunId, (await Store.InsertAsync(New(key: "k4"), 1, default))!.Run.State.RunId);
    }

    private async Task<StoredRun> ClaimedAsync()
    {
        var run = New();
        await Store.InsertAsync(run, 1000, default);
        return (await Store.ClaimAsync(run.State.RunId, default))!;
    }

    private IReadOnlyList<TraceEntry> Entries(StoredRun run, int count) => _trace.Append(
        run.State.RunId,
        run.TraceLength,
        run.TraceHead,
        [.. Enumerable.Range(1, count).Select(n => new TraceDraft(Now.AddMilliseconds(n), "test", new JsonObject { ["n"] = n, ["text"] = "é \u2028 \"" }))]);

    private NewRun New(string? key = null, DateTimeOffset? at = null)
    {
        WorkflowDefinition definition = TestWorkflows.TwoSteps;
        var state = TestWorkflows.NewRun(definition, at ?? Now);
        var trace = _trace.Append(state.RunId, 0, TraceChain.Genesis, [new TraceDraft(Now, "submitted", new JsonObject { ["password"] = "x" })]);
        return new NewRun(state, definition, definition.DefinitionHash, key, "request", trace);
    }
}
