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

    [Theory]
    [InlineData(61, true)]
    [InlineData(20, false)]
    public void Check_TakeoverAfterAMinute_ThePollWasDropped(int seconds, bool found) => AssertFinds("I6", found, With(Record() with
    {
        Changes =
        [
            Change(1, 1, 1, "one", 1, "127.0.1.1"),
            Change(2, 1, 2, "two", 1, "127.0.1.2") with { At = At(2) },
            Change(3, 2, 2, "two", 2, "127.0.1.2") with { At = At(seconds) },
        ],
    }) with { Losses = [new SiloLoss(At(1), "127.0.1.1", true)] });

    [Fact]
    public void Check_RunOfALostSiloNeverTakenUp_IsFound() =>
        AssertFinds("I6", With(Record()) with { Losses = [new SiloLoss(At(1), "127.0.1.1", true)] });

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    public void Check_ThroughputAfterALoss_MustComeBack(int secondsPerRunAfter, bool found)
    {
        var ends = Enumerable.Range(-20, 20).Concat(Enumerable.Range(10, 50).Where(s => s % secondsPerRunAfter == 0)).ToList();
        var runs = ends.Select((end, i) => Record() with { Id = $"{Run}{i}", Key = null, Changes = [Change(1, 1, 1, null, 1, "127.0.1.2") with { At = At(end) }] });
        var history = Sound() with
        {
            Runs = runs.ToDictionary(r => r.Id, StringComparer.Ordinal),
            Losses = [new SiloLoss(At(0), "127.0.1.1", true, Alone: true)],
            LoadEnded = At(61),
        };
        AssertFinds("I6", found, history);
    }

    /// <summary>Thousands at once before the loss are not what has to come back.</summary>
    [Theory]
    [InlineData("herd-1-", false)]
    [InlineData("1-1-", true)]
    public void Check_HerdBeforeALoss_IsNoThroughput(string key, bool found)
    {
        var steady = Enumerable.Range(-20, 81).Select(s => (Key: "steady-", Second: s));
        var runs = steady.Concat(Enumerable.Range(0, 100).Select(_ => (Key: key, Second: -5)))
            .Select((end, i) => Record() with { Id = $"{Run}{i}", Key = $"{end.Key}{i}", Changes = [Change(1, 1, 1, null, 1, "127.0.1.2") with { At = At(end.Second) }] });
        var history = Sound() with
        {
            Runs = runs.ToDictionary(r => r.Id, StringComparer.Ordinal),
            Losses = [new SiloLoss(At(0), "127.0.1.1", true, Alone: true)],
            LoadEnded = At(61),
        };
        AssertFinds("I6", found, history);
    }

    [Fact]
    public void Check_SandboxLeft_IsAnOrphan() => AssertFinds("I7", Sound() with { Orphans = [Run + "-tool-1"] });

    [Theory]
    [InlineData(40, 1, true)]
    [InlineData(40, 0, false)]
    [InlineData(null, 1, true)]
    public void Check_SandboxReaped_TheProductDidNotStopIt(int? doneAt, long launchedBy, bool found)
    {
        // Done at that time, or not at all though it has one owner all the time; a launch of epoch 0 is one of an owner before.
        RowChange[] changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), .. doneAt is { } done ? [Change(2, 2, 1, "one", 4, "127.0.1.1") with { At = At(done) }] : Array.Empty<RowChange>()];
        AssertFinds("I7", found, Reaped(Record() with { Changes = changes }, 100, launchedBy));
    }

    [Theory]
    [InlineData("quarantined")]
    [InlineData("sandboxes_abandoned")]
    public void Check_SandboxReapedOfARunThatWasGivenUp_IsAllowed(string entry) =>
        AssertFinds("I7", false, Reaped(Record(("submitted", null), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), (entry, null), ("done", null)), 100, 1));

    [Fact]
    public void Check_SandboxReapedWhileNobodyOwnedItsRun_IsAllowed() => AssertFinds("I7", false, Reaped(
        Record() with { Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), Change(2, 1, 2, "two", 1, "127.0.1.2") with { At = At(99) }, Change(3, 2, 2, "two", 4, "127.0.1.2") with { At = At(110) }] }, 100, 1));

    [Fact]
    public void Check_SandboxReapedOfNoRun_IsFound() =>
        AssertFinds("I7", Sound() with { Ledger = [Executed(1), new LedgerEntry(LedgerKinds.Reaped, At(100), "run-zzzzzzzzzzzzzzzzzzzzzzzzzz-tool-1")] });

    [Theory]
    [InlineData("cancel", true)]
    [InlineData("approve", false)]
    public void Check_StepStartedAfterTheCommandWasDurable_IsFoundForACancel(string command, bool found) => AssertFinds("I8", found, With(Record() with
    {
        Changes = [Change(1, 1, 1, "one", 1, "127.0.1.1"), Change(2, 1, 1, "one", 1, "127.0.1.2", "127.0.1.1") with { Commands = 1 }, Change(3, 2, 1, "one", 2, "127.0.1.1") with { Commands = 1 }],
        Commands = [new PostedCommand(command, 1)],
    }));

    [Theory]
    [InlineData(null, true)]
    [InlineData("cancel_requested", false)]
    [InlineData("command_ignored", false)]
    [InlineData("quarantined", false)]
    public void Check_AcknowledgedCancelNotInTheTrace_WasLost(string? entry, bool found)
    {
        var record = entry is null ? Record() : Record(("submitted", null), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), (entry, null), ("done", null));
        AssertFinds("I8", found, With(record) with { Submissions = [new Submission("key", "three", [Run], CancelAcknowledged: true)] });
    }

    [Theory]
    [InlineData("retry_scheduled", "retry_due", 4, true)]
    [InlineData("retry_scheduled", "retry_due", 6, false)]
    [InlineData("retry_scheduled", "retry_due", 90, true)]
    [InlineData("retry_scheduled", "call_started", 6, true)]
    [InlineData("approval_requested", "wait_timed_out", 4, true)]
    [InlineData("approval_requested", "wait_timed_out", 6, false)]
    [InlineData("signal_awaited", "wait_timed_out", 4, true)]
    [InlineData("signal_awaited", "wait_timed_out", 90, true)]
    [InlineData("signal_awaited", "signal_received", 4, false)]
    public void Check_TimerOfAStep_FiresByTheDatabasesClock(string sets, string fires, int second, bool found)
    {
        var record = Record(("submitted", null), (sets, ("a", 1)), (fires, ("a", 1)));
        AssertFinds("I5", found, With(record with { Changes = [Change(1, 1, 1, "one", 2, "127.0.1.1"), Change(2, 2, 1, "one", 3, "127.0.1.1") with { At = At(second) }] }));
    }

    [Fact]
    public void Check_PoisonRunNotQuarantined_IsFound()
    {
        AssertFinds("I1", Sound() with { Poisoned = [Run] });
        AssertFinds("I1", false, With(Record(("submitted", null), ("call_started", ("a", 1)), ("call_answered", ("a", 1)), ("quarantined", null), ("done", null))) with { Poisoned = [Run] });
    }

    private static History Reaped(RunRecord record, int second, long launchedBy) => With(record) with
    {
        Ledger = [new LedgerEntry(LedgerKinds.Launched, At(0), Run + "-tool-1", Fence: launchedBy), Executed(1), new LedgerEntry(LedgerKinds.Reaped, At(second), Run + "-tool-1")],
    };

    private static long At(int second) => Start.AddSeconds(second).ToUnixTimeMilliseconds();

    private static IReadOnlyList<Violation> Check(History history) => HistoryChecker.Check(history, new CheckerLimits());

    private static void AssertFinds(string invariant, History history) => AssertFinds(invariant, true, history);

    private static void AssertFinds(string invariant, bool found, History history) => Assert.Equal(found, Check(history).Any(v => v.Invariant == invariant));

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
                ? JsonSerializer.SerializeToElement(new { step = c.Step, attempt = c.Attempt, at = Start.AddSeconds(5), until = Start.AddSeconds(5) })
                : JsonSerializer.SerializeToElement(new { deadline = Start.AddSeconds(5), command = "cancel", outcome = Array.Exists(entries, e => e.Kind == "cancel_requested") ? "cancelled" : "succeeded" });
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
