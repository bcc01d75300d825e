using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.RunnerApi.Contracts;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

/// <summary>Tries after a failure: which, when, and how often.</summary>
public sealed class RunTransitionsRetryTests
{
    private readonly Walk _walk = new(TestWorkflows.Waits);

    [Theory]
    [InlineData(SandboxReasons.ServerExited, true)]
    [InlineData(CallErrorCodes.JournalFailed, true)]
    [InlineData(CallErrorCodes.JsonRpcError, false)]
    [InlineData(CallErrorCodes.ResultTooLarge, false)]
    [InlineData(ProblemCodes.StaleFence, false)]
    public void Decide_CertainFailureOfATool_IsTriedAgainOnlyWhenItWasNotSent(string code, bool again)
    {
        Calling();
        _walk.Apply(Failed(code));

        Assert.Equal(again, _walk.State.Outcome is null);
        Assert.Equal(again ? Start + TimeSpan.FromSeconds(10) : Start + RunTransitions.StopGrace, _walk.State.DueAt);
    }

    [Theory]
    [InlineData(CallErrorCodes.JsonRpcError, true)]
    [InlineData(CallErrorCodes.InvalidAnswer, true)]
    [InlineData(ProblemCodes.BadRequest, false)]
    public void Decide_CertainFailureOfAReadOnlyTool_IsTriedAgainUnlessHopeless(string code, bool again)
    {
        Calling(readOnly: true);
        _walk.Apply(Failed(code));

        Assert.Equal(again, _walk.State.Outcome is null);
    }

    [Fact]
    public void Decide_ToolErrorOfAReadOnlyTool_WaitsAndCallsAgainInTheSameSandbox()
    {
        Calling(readOnly: true);
        Assert.Equal(["keep first 1"], _walk.Apply(ToolError(1)));
        Assert.Equal(["keep first 1"], _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(9))));
        Assert.Equal(["call read 2"], _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(10))));
        Assert.Equal(["retry_scheduled", "retry_due", "call_started"], _walk.Kinds.TakeLast(3));

        // Doubled, and capped by max_backoff.
        _walk.Apply(ToolError(2));
        Assert.Equal(Start + TimeSpan.FromSeconds(15), _walk.State.DueAt);
        _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(15)), ToolError(3));
        Assert.Equal("tool_error", _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_ToolErrorOfAnyTool_IsNeverRepeated()
    {
        Calling();
        _walk.Apply(ToolError(1));

        Assert.Equal("tool_error", _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_UnknownCallOfAnyTool_IsNeverRepeatedBlindly()
    {
        Calling();
        _walk.Apply(new CallUnknown(Start, "read", 1, SandboxReasons.SandboxLost, "gone"));

        Assert.Equal("interrupted", _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_CrashesAndRetries_AreCountedApart()
    {
        Calling(readOnly: true);
        Assert.Equal(["launch first 2"], _walk.Apply(Lost(1)));
        Assert.Equal(["call read 2"], _walk.Apply(Launched("first", 2, readOnly: true)));

        // The free repetition is used up: from here on by the step's retry, in a new sandbox after the old one is gone.
        Assert.Equal(["stop first 2"], _walk.Apply(Lost(2)));
        Assert.Empty(_walk.Apply(Stopped("first", 2)));
        Assert.Equal(["launch first 3"], _walk.Apply(new ReminderFired(_walk.State.DueAt!.Value)));
        _walk.Apply(Launched("first", 3, readOnly: true), Lost(3), Stopped("first", 3));
        _walk.Apply(new ReminderFired(_walk.State.DueAt!.Value), Launched("first", 4, readOnly: true), Lost(4));

        Assert.Equal("interrupted", _walk.State.Error!.Code);
        Assert.Equal(4, _walk.State.Steps[0].Attempt);
    }

    [Fact]
    public void Decide_TimedOutCallOfADeclaredTool_IsTriedAgainInANewSandbox()
    {
        Counting();
        Assert.Equal(["keep first 1", "stop second 1"], _walk.Apply(new CallUnknown(Start, "count", 1, SandboxReasons.CallTimedOut, "30 s")));
        _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(10)));
        Assert.Equal(["keep first 1", "stop second 1"], _walk.Effects.Select(e => e.Name));
        Assert.Equal(["keep first 1", "launch second 2"], _walk.Apply(Stopped("second")));
    }

    [Fact]
    public void Decide_LaunchFailsForAWhile_IsTriedAgainAsANewSandbox()
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"));
        Assert.Equal(["stop first 1"], _walk.Apply(LaunchFailed(1, ProblemCodes.Busy)));
        Assert.Empty(_walk.Apply(Stopped("first")));
        Assert.Equal(["launch first 2"], _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(10))));
        _walk.Apply(LaunchFailed(2, SandboxReasons.StartFailed), Stopped("first", 2), new ReminderFired(Start + TimeSpan.FromSeconds(30)));
        Assert.Equal(["stop first 3"], _walk.Apply(LaunchFailed(3, SandboxReasons.StartFailed)));

        Assert.Equal((RunOutcome.Failed, SandboxReasons.StartFailed), (_walk.State.Outcome!.Value, _walk.State.Error!.Code));
    }

    [Theory]
    [InlineData(ProblemCodes.UnknownSecret)]
    [InlineData("tools_not_listed")]
    public void Decide_LaunchFailsForGood_FailsAtOnce(string code)
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), LaunchFailed(1, code));

        Assert.Equal(code, _walk.State.Error!.Code);
    }

    [Fact]
    public void Decide_RegistryIsAway_DecidesAgainLaterAndLaunchesNothingMeanwhile()
    {
        var away = Refuse("registry.test/first:1") with { Code = RefusalCodes.RegistryUnavailable };
        Assert.Equal(["decide second"], _walk.Apply(new Started(Start), new ImageDecided(Start, "first", away)));
        Assert.Empty(_walk.Apply(Decided("second")));
        Assert.Equal(["decide first 2"], _walk.Apply(new ReminderFired(Start + TimeSpan.FromSeconds(10))));
        Assert.Equal(["launch first 1"], _walk.Apply(Decided("first")));
    }

    [Fact]
    public void Decide_ImageRefused_IsNeverAskedAgain()
    {
        _walk.Apply(new Started(Start), Decided("first", admitted: false));

        Assert.Equal(RunOutcome.Rejected, _walk.State.Outcome);
    }

    [Fact]
    public void Decide_DeadlineDuringAPause_TimesTheRunOut()
    {
        Calling();
        _walk.Apply(Failed(SandboxReasons.ServerExited), new ReminderFired(_walk.State.Deadline));

        Assert.Equal(RunOutcome.TimedOut, _walk.State.Outcome);
    }

    private void Calling(bool readOnly = false)
    {
        _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first", readOnly: readOnly));
        Assert.Equal(["call read 1"], _walk.Effects.Select(e => e.Name));
    }

    private void Counting()
    {
        Calling();
        _walk.Apply(Answered("read", """{"words":1}"""), new ApprovalDecided(Start, "me", "ok", Approved: true, null), new SignalReceived(Start, "me", "go", JsonElement.Parse("""{"n":1}""")), Launched("second"));
        Assert.Equal(["keep first 1", "call count 1"], _walk.Effects.Select(e => e.Name));
    }

    private static CallFailed Failed(string code) => new(Start, "read", 1, new RunError(code, "…", "read"));

    private static CallUnknown Lost(int attempt) => new(Start, "read", attempt, SandboxReasons.SandboxLost, "gone");

    private static CallAnswered ToolError(int attempt) => new(Start, "read", attempt, JsonElement.Parse("""{"isError":true,"content":[]}"""), 1);

    private static SandboxFailed LaunchFailed(int attempt, string code) => new(Start, "first", attempt, new RunError(code, "…"), null, null);
}
