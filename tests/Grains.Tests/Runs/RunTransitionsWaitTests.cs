using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

/// <summary>Approvals and signals, and what is alive meanwhile.</summary>
public sealed class RunTransitionsWaitTests
{
    private static readonly WorkflowDefinition QuietDefinition = WorkflowCatalog.Parse(
        "quiet.yaml",
        """
        id: quiet
        version: "1"
        timeout: 1h
        servers:
          first: { image: "registry.test/first:1" }
        steps:
          - id: ok
            approval: { message: "Sure?" }
          - { id: read, server: first, tool: read }
        """);

    private readonly Walk _walk = new(TestWorkflows.Waits);

    [Fact]
    public void Decide_EveryEventInOrder_WaitsTwiceAndSucceeds()
    {
        Assert.Equal(["launch first 1"], _walk.Apply(new Started(Start), Decided("first"), Decided("second")));
        Assert.Equal(["call read 1"], _walk.Apply(Launched("first")));
        Assert.Equal(["keep first 1"], _walk.Apply(Answered("read", """{"words":["a"]}""")));
        Assert.Equal("""Go on with ["a"]?""", _walk.State.Steps[1].Message);
        Assert.Equal(Start + TimeSpan.FromMinutes(10), _walk.State.DueAt);

        Assert.Equal(["keep first 1"], _walk.Apply(Approve()));
        Assert.Null(_walk.State.Steps[1].Message);
        Assert.Equal(Start + TimeSpan.FromMinutes(20), _walk.State.DueAt);

        Assert.Equal(["keep first 1", "launch second 1"], _walk.Apply(Signal()));
        Assert.Equal(_walk.State.Deadline, _walk.State.DueAt);
        Assert.Equal(["keep first 1", "call count 1"], _walk.Apply(Launched("second")));
        Assert.Equal("""{"n":7}""", _walk.Effects.OfType<CallTool>().Single().Arguments.GetRawText());
        Assert.Equal(["stop second 1", "call again 1"], _walk.Apply(Answered("count", "{}")));
        Assert.Equal("""{"by":"me","note":"fine"}""", _walk.Effects.OfType<CallTool>().Single().Arguments.GetRawText());
        Assert.Empty(_walk.Apply(Stopped("second"), Answered("again", "{}"), Stopped("first")));

        Assert.Equal(RunOutcome.Succeeded, _walk.State.Outcome);
        Assert.Equal("""{"n":7}""", _walk.State.Output!.Value.GetRawText());
        Assert.Equal(["approval_requested", "approval_decided", "signal_awaited", "signal_received"], _walk.Kinds.Where(k => k.StartsWith("approval", StringComparison.Ordinal) || k.StartsWith("signal", StringComparison.Ordinal)));
    }

    [Fact]
    public void Decide_WaitBeforeAnyCall_HoldsNothingAndAsksForNothing()
    {
        var walk = new Walk(QuietDefinition);

        Assert.Empty(walk.Apply(new Started(Start), Decided("first")));
        Assert.Equal(walk.State.Deadline, walk.State.DueAt);
        Assert.Empty(walk.Apply(new Recovered(Start, 2)));
        Assert.DoesNotContain("recovered", walk.Kinds);
        Assert.Equal(["launch first 1"], walk.Apply(Approve()));
    }

    [Fact]
    public void Decide_Rejected_FailsWithTheNoteAndStopsItsSandboxes()
    {
        Asking();
        Assert.Equal(["stop first 1"], _walk.Apply(new ApprovalDecided(Start, "me", "ok", Approved: false, "not today")));

        Assert.Equal((RunOutcome.Failed, "approval_rejected", "ok"), (_walk.State.Outcome!.Value, _walk.State.Error!.Code, _walk.State.Error.Step));
        Assert.Contains("not today", _walk.State.Error.Message, StringComparison.Ordinal);
        Assert.Equal(StepStatus.Failed, _walk.State.Steps[1].Status);
    }

    [Fact]
    public void Decide_ApprovalOfAStepThatDoesNotWait_IsRecordedAndIgnored()
    {
        var before = _walk.State;
        _walk.Apply(Approve());
        Assert.Equal(before, _walk.State);
        Asking();
        before = _walk.State;
        _walk.Apply(new ApprovalDecided(Start, "me", "read", Approved: true, null), new ApprovalDecided(Start, "me", "nowhere", Approved: false, null));

        Assert.Equal(before, _walk.State);
        Assert.Equal(3, _walk.Kinds.Count(k => k == "command_ignored"));
    }

    [Fact]
    public void Decide_NobodyApproves_TimesOutAndNotBefore()
    {
        Asking();
        var due = _walk.State.DueAt!.Value;
        _walk.Apply(new ReminderFired(due - TimeSpan.FromMilliseconds(1)));
        Assert.Null(_walk.State.Outcome);

        _walk.Apply(new ReminderFired(due));
        Assert.Equal((RunOutcome.Failed, "approval_timed_out"), (_walk.State.Outcome!.Value, _walk.State.Error!.Code));
        var entries = _walk.Kinds.Count;
        _walk.Apply(new ReminderFired(due));
        Assert.Equal(entries, _walk.Kinds.Count);
    }

    [Fact]
    public void Decide_NoSignal_TimesOutByItsOwnCode()
    {
        Asking();
        _walk.Apply(Approve());
        _walk.Apply(new ReminderFired(_walk.State.DueAt!.Value));

        Assert.Equal("signal_timed_out", _walk.State.Error!.Code);
        Assert.Contains("'go'", _walk.State.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_DeadlineBeforeTheWaitIsOver_TimesTheRunOut()
    {
        var walk = new Walk(QuietDefinition);
        walk.Apply(new Started(Start), Decided("first"), new ReminderFired(walk.State.Deadline));

        Assert.Equal((RunOutcome.TimedOut, "ok"), (walk.State.Outcome!.Value, walk.State.Error!.Step));
        Assert.Equal(RunStatus.Done, walk.State.Status);
    }

    [Fact]
    public void Decide_SignalBeforeItsStep_IsKeptForIt()
    {
        _walk.Apply(Signal());
        Asking();
        Assert.Equal(["keep first 1", "launch second 1"], _walk.Apply(Approve()));

        Assert.Equal("""{"n":7}""", _walk.State.Steps[2].Result!.Value.GetRawText());
        Assert.DoesNotContain("signal_awaited", _walk.Kinds);
    }

    [Fact]
    public void Decide_SecondSignalOfAName_IsIgnored()
    {
        _walk.Apply(Signal(), Signal(8));
        Asking();
        _walk.Apply(Approve(), Signal(9));

        Assert.Equal("""{"n":7}""", _walk.State.Steps[2].Result!.Value.GetRawText());
        Assert.Equal(2, _walk.Kinds.Count(k => k == "command_ignored"));
    }

    [Fact]
    public void Decide_CancelWhileWaiting_EndsAndNoLaterAnswerStartsAnything()
    {
        Asking();
        Assert.Equal(["stop first 1"], _walk.Apply(new CancelRequested(Start, "me", null)));
        Assert.Equal(["stop first 1"], _walk.Apply(Approve(), Signal()));
        Assert.Empty(_walk.Apply(Stopped("first")));

        Assert.Equal(RunOutcome.Cancelled, _walk.State.Outcome);
        Assert.Null(_walk.State.Steps[1].Message);
    }

    [Fact]
    public void Decide_KeptSandboxEnds_FailsOrIsTriedAgainByItsNextStep()
    {
        Asking();
        _walk.Apply(new SandboxEnded(Start, "first", 1, View("first", 1, SandboxPhase.Exited, SandboxReasons.ServerExited)));
        Assert.Equal(["stop first 1"], _walk.Effects.Select(e => e.Name));
        Assert.Contains("retry_scheduled", _walk.Kinds);
        Assert.Empty(_walk.Apply(Stopped("first")));
        Assert.Equal(StepStatus.Waiting, _walk.State.Steps[1].Status);

        _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(10)));
        _walk.Apply(Approve(), Signal());
        Assert.Equal(["launch first 2", "launch second 1"], _walk.Effects.Select(e => e.Name));
    }

    [Fact]
    public void Decide_MissingValueInAQuestion_FailsTheStep()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first"), Answered("read", """{"other":1}"""));

        Assert.Equal(("expression_failed", "ok"), (_walk.State.Error!.Code, _walk.State.Error.Step));
    }

    [Fact]
    public void Decide_OversizedQuestion_FailsTheStep()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first"), Answered("read", $$"""{"words":"{{new string('x', 3000)}}"}"""));

        Assert.Equal("expression_failed", _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_Quarantined_EndsAtOnceWithItsEvidenceAndAsksForNothing()
    {
        Asking();
        Assert.Empty(_walk.Apply(new Quarantined(Start, 6, ["epoch 2", "epoch 3"])));

        Assert.Equal((RunStatus.Done, RunOutcome.Failed, "quarantined"), (_walk.State.Status, _walk.State.Outcome!.Value, _walk.State.Error!.Code));
        Assert.Equal(["quarantined", "sandboxes_abandoned", "done"], _walk.Kinds.TakeLast(3));
    }

    [Fact]
    public void Decide_QuarantinedWhileStopping_KeepsTheOutcome()
    {
        Asking();
        _walk.Apply(new CancelRequested(Start, "me", null), new Quarantined(Start, 6, []));

        Assert.Equal((RunStatus.Done, RunOutcome.Cancelled), (_walk.State.Status, _walk.State.Outcome!.Value));
    }

    [Fact]
    public void State_WhileWaiting_SurvivesAsJson()
    {
        _walk.Apply(Signal());
        Asking();
        var text = JsonSerializer.Serialize(_walk.State, ActorsJson.Options);
        var copy = JsonSerializer.Deserialize<RunState>(text, ActorsJson.Options)!;

        Assert.Equal(text, JsonSerializer.Serialize(copy, ActorsJson.Options));
        Assert.Equal(_walk.State.DueAt, copy.DueAt);
        Assert.DoesNotContain("due_at", text, StringComparison.Ordinal);
        Assert.Equal(_walk.Effects.Select(e => e.Name), RunTransitions.Effects(TestWorkflows.Waits, copy).Select(e => e.Name));
    }

    private void Asking()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first"), Answered("read", """{"words":["a"]}"""));
        Assert.Equal(StepStatus.Waiting, _walk.State.Steps[1].Status);
    }

    private static ApprovalDecided Approve() => new(Start, "me", "ok", Approved: true, "fine");

    private static SignalReceived Signal(int n = 7) => new(Start, "me", "go", JsonElement.Parse($$"""{"n":{{n}}}"""));
}
