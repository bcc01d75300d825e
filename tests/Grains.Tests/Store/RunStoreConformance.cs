using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Tests.Runs;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Store;

/// <summary>What every run store must do. Each test has a store of its own, and moves the database's clock by hand.</summary>
public abstract partial class RunStoreConformance
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private readonly TraceWriter _trace = new(new TraceRedactor(new RedactionOptions()));
    private int _names;

    private protected abstract IRunStore Store { get; }

    /// <summary>The database's clock.</summary>
    private protected abstract DateTimeOffset Now { get; }

    /// <summary>Whether several silos can be members.</summary>
    private protected virtual bool ServesManySilos => true;

    /// <summary>Moves the database's clock.</summary>
    private protected abstract Task AdvanceAsync(TimeSpan by);

    private protected async Task<SiloId> JoinedAsync()
    {
        var id = SiloId.New();
        await Store.JoinAsync(new SiloRecord(id, $"silo-{++_names}", "1.0", 1, default, default), default);
        return id;
    }

    private protected NewRun New(string submitter = "tester", string? key = null, string workflow = "two-steps", int priority = 0, SiloId? owner = null, int format = 1, string parameters = """{"text":"a b"}""")
    {
        var definition = TestWorkflows.TwoSteps with { Id = workflow };
        var state = TestWorkflows.NewRun(definition, Now, parameters) with { Submitter = submitter };
        var trace = _trace.Append(state.RunId, 0, TraceChain.Genesis, [new TraceDraft(Now, "submitted", new JsonObject { ["password"] = "x" })]);
        return new NewRun(state, definition, definition.DefinitionHash, key, "request", trace, owner) { Priority = priority, Format = format };
    }

    private protected async Task<RunId> InsertedAsync(NewRun run)
    {
        await Store.InsertAsync(run, default);
        return run.State.RunId;
    }

    private protected static Claim Wish(SiloId silo, int slots = 10, int mostPerSubmitter = 100, int format = 1, long floor = 0) => new(silo, format, slots, mostPerSubmitter, floor);

    private protected async Task<(SiloId Silo, StoredRun Run)> ClaimedAsync(string parameters = """{"text":"a b"}""")
    {
        var silo = await JoinedAsync();
        await Store.InsertAsync(New(parameters: parameters), default);
        return (silo, Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run);
    }

    private protected RunCommit Commit(SiloId silo, StoredRun run, RunState? state = null, int entries = 1) =>
        new(silo, run, state ?? run.State with { Status = RunStatus.Running }, Entries(run, entries));

    private protected static RunState Done(StoredRun run, DateTimeOffset at) => run.State with { Status = RunStatus.Done, Outcome = RunOutcome.Succeeded, EndedAt = at };

    private protected IReadOnlyList<TraceEntry> Entries(StoredRun run, int count) => _trace.Append(
        run.State.RunId,
        run.TraceLength,
        run.TraceHead,
        [.. Enumerable.Range(1, count).Select(n => new TraceDraft(Now.AddMilliseconds(n), "test", new JsonObject { ["n"] = n, ["text"] = "é \u2028 \" \0" }))]);

    private protected static StoredRun After(RunCommit commit) => commit.Before with
    {
        State = commit.State,
        Version = commit.Before.Version + 1,
        TraceLength = commit.Before.TraceLength + commit.Trace.Count,
        TraceHead = commit.Trace[^1].Hash,
        Strikes = commit.Progress ? 0 : commit.Before.Strikes,
    };

    private protected static JsonElement Large(char letter) => JsonElement.Parse($$"""{"text":"{{new string(letter, 2000)}}"}""");
}
