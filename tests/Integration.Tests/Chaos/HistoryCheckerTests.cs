using System.Text.Json;
using Actors.Chaos.Checker;
using Actors.Grains.Interfaces;
using Actors.Testing.NullRunner;

namespace Actors.Integration.Tests.Chaos;

/// <summary>The checker sees each broken invariant, and nothing in a history without fault.</summary>
public sealed class HistoryCheckerTests
{
    private const string Run = "run-0123456789abcdefghjkmnpqrs";
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Check_HistoryWithoutFault_FindsNothing() => Assert.Empty(Check(Sound()));

    [Fact]
    public void Check_RunMissing_IsLost() => AssertFinds("I1", Sound() with { Runs = new Dictionary<string, RunRecord>(StringComparer.Ordinal), Ledger = [] });

    [Fact]
    public void Check_RunNotDone_IsStuck() => AssertFinds("I1", With(Record() with { Done = false }));

    [Fact]
    public void Check_TwoRunsForOneKey_IsFound() => AssertFinds("I1", Sound() with { Submissions = [new Submission("key", "three", [Run, "run-other"], false)] });

    [Fact]
    public void Check_EntryDropped_TransactionWasSplit() => AssertFinds("I2", With(Record() with { Trace = [.. Record().Trace.Where(e => e.Kind != "call_answered")] }));

    [Fact]
    public void Check_StepStartedTwice_IsIllegal() =>
        AssertFinds("I2", With(Record(("submitted", null), ("call_started", ("a", 1)), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), ("done", null))));

    [Fact]
    public void Check_TwoTerminalEntries_IsIllegal() => AssertFinds("I2", With(Record(("submitted", null), ("done", null), ("done", null))));

    [Fact]
    public void Check_CommitOfAnotherSilo_TheFenceWasMissing() => AssertFinds("I3", With(Record() with
    {
        Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), Change(2, 1, 2, "two", 1, "127.0.1.2"), Change(3, 2, 2, "two", 3, "127.0.1.1", "127.0.1.2")],
    }));

    [Fact]
    public void Check_EpochFalls_IsFound() => AssertFinds("I3", With(Record() with
    {
        Changes = [Change(1, 1, 2, "one", 1, "127.0.1.1"), Change(2, 2, 1, "one", 2, "127.0.1.1")],
    }));

    [Fact]
    public void Check_OldOwnersCallAfterANewOnes_IsFound() => AssertFinds("I3", Sound() with { Ledger = [Executed(1, fence: 2), Executed(2, fence: 1)] });

    [Fact]
    public void Check_EffectTwiceWithoutUnknown_IsDuplicated()
    {
        var record = Record(("submitted", null), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), ("call_started", ("a", 2)), ("call_answered", ("a", 2)), ("done", null));
        AssertFinds("I4", With(record) with { Ledger = [Executed(1, tool: "put"), Executed(2, tool: "put")] });
    }

    [Fact]
    public void Check_RepeatableEffectAfterUnknown_IsAllowed()
    {
        var record = Record(("submitted", null), ("call_started", ("a", 1)), ("call_unknown", ("a", 1)), ("call_started", ("a", 2)), ("call_answered", ("a", 2)), ("done", null));
        Assert.Empty(Check(With(record) with { Ledger = [Executed(1, tool: "put"), Executed(2, tool: "put")] }));
    }

    [Fact]
    public void Check_UnrepeatableEffectTwice_IsDuplicatedEvenAfterUnknown()
    {
        var record = Record(("submitted", null), ("call_started", ("a", 1)), ("call_unknown", ("a", 1)), ("call_started", ("a", 2)), ("call_answered", ("a", 2)), ("done", null));
        AssertFinds("I4", With(record) with { Ledger = [Executed(1), Executed(2)] });
    }

    [Fact]
    public void Check_EffectWithoutItsStart_IsFound() => AssertFinds("I4", Sound() with { Ledger = [Executed(1), Executed(2)] });

    [Fact]
    public void Check_AnswerWithoutEffect_IsFound() => AssertFinds("I4", Sound() with { Ledger = [] });

    [Fact]
    public void Check_DeadlineEarlyByTheDatabasesClock_AClientsClockWasUsed()
    {
        var record = Record(("submitted", null), ("deadline_reached", null), ("done", null));
        var early = Change(2, 2, 1, "one", 3, "127.0.1.1") with { At = Start.AddSeconds(3).ToUnixTimeMilliseconds() };
        AssertFinds("I5", With(record with { Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), early] }) with { Ledger = [] });
    }

    [Fact]
    public void Check_TakeoverAfterAMinute_ThePollWasDropped() => AssertFinds("I6", With(Record() with
    {
        Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), Change(2, 1, 2, "two", 1, "127.0.1.2") with { At = Start.AddSeconds(61).ToUnixTimeMilliseconds() }],
    }) with { Losses = [new SiloLoss(Start.AddSeconds(1).ToUnixTimeMilliseconds(), "127.0.1.1", true)] });

    [Fact]
    public void Check_SandboxLeft_IsAnOrphan() => AssertFinds("I7", Sound() with { Orphans = [Run + "-tool-1"] });

    [Fact]
    public void Check_StepStartedAfterTheCancelWasDurable_IsFound() => AssertFinds("I8", With(Record() with
    {
        Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), Change(2, 1, 1, "one", 1, "127.0.1.2", "127.0.1.1") with { Commands = 1 }, Change(3, 2, 1, "one", 2, "127.0.1.1") with { Commands = 1 }],
    }));

    private static IReadOnlyList<Violation> Check(History history) => HistoryChecker.Check(history, new CheckerLimits());

    private static void AssertFinds(string invariant, History history) => Assert.Contains(Check(history), v => v.Invariant == invariant);

    private static History Sound() => With(Record());

    private static History With(RunRecord record) => new()
    {
        Submissions = [new Submission("key", "three", [Run, Run], false)],
        Runs = new Dictionary<string, RunRecord>(StringComparer.Ordinal) { [Run] = record },
        Ledger = [Executed(1)],
    };

    private static RunRecord Record() => Record(("submitted", null), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), ("done", null));

    private static RunRecord Record(params (string Kind, (string Step, int Attempt)? Call)[] entries)
    {
        var trace = new List<TraceEntry>();
        foreach (var (kind, call) in entries)
        {
            var data = call is { } c
                ? JsonSerializer.SerializeToElement(new { step = c.Step, attempt = c.Attempt })
                : JsonSerializer.SerializeToElement(new { deadline = Start.AddSeconds(5) });
            var prev = trace.Count == 0 ? TraceChain.Genesis : trace[^1].Hash;
            trace.Add(new TraceEntry(trace.Count + 1, Start, kind, data, prev, TraceChain.Hash(Run, trace.Count + 1, Start, kind, data, prev)));
        }

        return new RunRecord(Run, "three", "key", true, trace.Count, trace, [Change(1, 1, 1, "one", 1, "127.0.1.1")]);
    }

    private static RowChange Change(long seq, long version, long epoch, string? owner, long length, string client, string? ownerClient = null) =>
        new(seq, Start.ToUnixTimeMilliseconds(), version, epoch, owner, 0, length, client, ownerClient ?? client);

    private static LedgerEntry Executed(int attempt, string tool = "append", long fence = 1) =>
        new(LedgerKinds.Executed, Start.ToUnixTimeMilliseconds(), Run + "-tool-1", $"{Run}-a-{attempt}", tool, "key", fence);
}
