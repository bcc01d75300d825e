using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.RunnerApi.Contracts;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

public sealed class RunTransitionsTests
{
    private readonly Walk _walk = new(TestWorkflows.TwoSteps);

    [Fact]
    public void Decide_EveryEventInOrder_Succeeds()
    {
        Assert.Equal(["decide first", "decide second"], _walk.Apply(new Started(Start)));
        Assert.Equal(["decide second"], _walk.Apply(Decided("first")));
        Assert.Equal(["launch first 1", "launch second 1"], _walk.Apply(Decided("second")));
        Assert.Equal(["launch second 1", "call read 1"], _walk.Apply(Launched("first")));
        Assert.Equal(["keep second 1", "call read 1"], _walk.Apply(Launched("second")));
        Assert.Equal(["stop first 1", "call count 1"], _walk.Apply(Answered("read", """{"words":["a","b"]}""")));
        Assert.Equal(["call count 1"], _walk.Apply(Stopped("first")));
        Assert.Equal(["stop second 1"], _walk.Apply(Answered("count", """{"total":2}""")));
        Assert.Empty(_walk.Apply(Stopped("second")));

        Assert.Equal(RunStatus.Done, _walk.State.Status);
        Assert.Equal(RunOutcome.Succeeded, _walk.State.Outcome);
        Assert.Equal("""{"total":2}""", _walk.State.Output!.Value.GetRawText());
        Assert.Equal(
            ["verifying", "image_decided", "image_decided", "sandbox_launched", "call_started", "sandbox_launched", "call_answered", "call_started", "sandbox_stopped", "call_answered", "sandbox_stopped", "done"],
            _walk.Kinds);
        Assert.Null(_walk.State.Params);
        Assert.All(_walk.State.Steps, s => Assert.Null(s.Result));
    }

    [Fact]
    public void Decide_SecondStep_TakesTheFirstOnesResult()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first"), Launched("second"));
        _walk.Apply(Answered("read", """{"words":["a","b"]}"""));

        var call = Assert.Single(_walk.Effects.OfType<CallTool>());
        Assert.Equal("""{"words":["a","b"]}""", call.Arguments.GetRawText());
        Assert.Equal("second", call.Server);
    }

    [Fact]
    public void Decide_OneImageRefused_RejectsWithoutAnySandbox()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second", admitted: false));

        Assert.Equal(RunStatus.Done, _walk.State.Status);
        Assert.Equal(RunOutcome.Rejected, _walk.State.Outcome);
        Assert.Equal(new RunError("unsigned", "no signature is attached", Server: "second"), _walk.State.Error);
        Assert.Empty(_walk.Effects);
    }

    [Fact]
    public void Decide_LaunchRefused_RejectsAndStopsTheOthers()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("second"));
        var effects = _walk.Apply(new SandboxFailed(Start, "first", 1, new RunError("unsigned", "…"), null, Refuse("x")));

        Assert.Equal(["stop first 1", "stop second 1"], effects);
        Assert.Equal(RunOutcome.Rejected, _walk.State.Outcome);
        Assert.NotEqual(RunStatus.Done, _walk.State.Status);
    }

    [Fact]
    public void Decide_MissingTool_FailsNamingWhatIsOffered()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"));
        _walk.Apply(new SandboxLaunched(Start, "first", 1, View("first"), Admit("x:1"), [new ToolFacts("write", false, false)]));

        Assert.Equal("unknown_tool", _walk.State.Error!.Code);
        Assert.Contains("'read'", _walk.State.Error.Message, StringComparison.Ordinal);
        Assert.Contains("write", _walk.State.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_ToolReportsError_FailsTheStepWithItsWords()
    {
        Running();
        _walk.Apply(new CallAnswered(Start, "read", 1, JsonElement.Parse("""{"isError":true,"content":[{"type":"text","text":"no such file"}]}"""), 1));

        Assert.Equal(RunOutcome.Failed, _walk.State.Outcome);
        Assert.Equal("tool_error", _walk.State.Error!.Code);
        Assert.Contains("no such file", _walk.State.Error.Message, StringComparison.Ordinal);
        Assert.Equal(StepStatus.Failed, _walk.State.Steps[0].Status);
    }

    [Fact]
    public void Decide_ResultsOverTheCap_FailTheStep()
    {
        Running();
        _walk.Apply(Answered("read", $$"""{"words":"{{new string('x', 16 * 1024 * 1024)}}"}"""));

        Assert.Equal("results_too_large", _walk.State.Error!.Code);
        Assert.All(_walk.State.Steps, s => Assert.Null(s.Result));
    }

    [Fact]
    public void Decide_MissingValueInAnExpression_FailsTheStep()
    {
        Running();
        _walk.Apply(Answered("read", """{"other":1}"""));

        Assert.Equal("expression_failed", _walk.State.Error!.Code);
        Assert.Equal("count", _walk.State.Error.Step);
    }

    [Fact]
    public void Decide_UnknownCallOfAnyTool_IsNeverRepeated()
    {
        Running();
        _walk.Apply(new CallUnknown(Start, "read", 1, SandboxReasons.SandboxLost, "gone"));

        Assert.Equal(RunOutcome.Failed, _walk.State.Outcome);
        Assert.Equal("interrupted", _walk.State.Error!.Code);
        Assert.DoesNotContain(_walk.Effects, e => e is CallTool or LaunchSandbox);
    }

    [Fact]
    public void Decide_UnknownCallOfAReadOnlyTool_IsRepeatedOnceInANewSandbox()
    {
        Running(readOnly: true);
        Assert.Equal(["launch first 2", "keep second 1"], _walk.Apply(new CallUnknown(Start, "read", 1, SandboxReasons.SandboxLost, "gone")));
        Assert.Equal(["keep second 1", "call read 2"], _walk.Apply(Launched("first", 2, readOnly: true)));
        Assert.Equal(["stop first 2", "stop second 1"], _walk.Apply(new CallUnknown(Start, "read", 2, SandboxReasons.SandboxLost, "gone")));
        Assert.Equal("interrupted", _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_TimedOutCallOfAReadOnlyTool_IsNotRepeated()
    {
        Running(readOnly: true);
        _walk.Apply(new CallUnknown(Start, "read", 1, SandboxReasons.CallTimedOut, "30 s"));

        Assert.Equal(SandboxReasons.CallTimedOut, _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_CancelInMidCall_StopsEverythingAndTellsThatTheCallIsUndecided()
    {
        Running();
        Assert.Equal(["stop first 1", "stop second 1"], _walk.Apply(new CancelRequested(Start, "me", "enough")));
        Assert.Contains("call_unknown", _walk.Kinds);

        _walk.Apply(Answered("read", """{"words":[]}"""));
        _walk.Apply(Stopped("first"), Stopped("second"));

        Assert.Equal(RunOutcome.Cancelled, _walk.State.Outcome);
        Assert.DoesNotContain("call_answered", _walk.Kinds);
    }

    [Fact]
    public void Decide_CancelWhileQueued_EndsAtOnce()
    {
        _walk.Apply(new CancelRequested(Start, "me", null));

        Assert.Equal(RunStatus.Done, _walk.State.Status);
        Assert.Equal(["cancel_requested", "done"], _walk.Kinds);
    }

    [Fact]
    public void Decide_ReminderBeforeItIsDue_ChangesNothing()
    {
        Running();
        var before = _walk.State;
        _walk.Apply(new ReminderFired(before.Deadline - TimeSpan.FromMilliseconds(1)));

        Assert.Equal(before, _walk.State);
    }

    [Fact]
    public void Decide_DeadlinePassed_TimesOut()
    {
        Running();
        _walk.Apply(new ReminderFired(_walk.State.Deadline));

        Assert.Equal(RunOutcome.TimedOut, _walk.State.Outcome);
        Assert.Equal("run_timed_out", _walk.State.Error!.Code);
        Assert.Equal(["stop first 1", "stop second 1"], _walk.Effects.Select(e => e.Name));
    }

    [Fact]
    public void Decide_SandboxesThatCannotBeStopped_AreLeftToTheReaperAndNamed()
    {
        Running();
        _walk.Apply(new CancelRequested(Start, "me", null), Stopped("first"));
        _walk.Apply(new ReminderFired(Start + RunTransitions.StopGrace));

        Assert.Equal(RunStatus.Done, _walk.State.Status);
        Assert.Contains("sandboxes_abandoned", _walk.Kinds);
    }

    [Theory]
    [InlineData(RunStatus.Verifying)]
    [InlineData(RunStatus.Running)]
    public void Decide_Recovered_AsksForTheSameEffectsAgain(RunStatus at)
    {
        _walk.Apply(new Started(Start));
        if (at == RunStatus.Running)
        {
            _walk.Apply(Decided("first"), Decided("second"), Launched("first"), Launched("second"));
        }

        var before = _walk.Effects.Select(e => e.Name).ToList();

        Assert.Equal(before, _walk.Apply(new Recovered(Start, 2)));
        Assert.Equal("recovered", _walk.Kinds[^1]);
    }

    private void Running(bool readOnly = false)
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first", readOnly: readOnly), Launched("second"));
        Assert.Equal(["keep second 1", "call read 1"], _walk.Effects.Select(e => e.Name));
    }
}
