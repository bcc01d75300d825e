using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

public sealed class RunCommandsTests
{
    private static readonly JsonElement Good = JsonElement.Parse("""{"n":1}""");
    private readonly Walk _walk = new(TestWorkflows.Waits);

    [Fact]
    public void ToEvent_WhatWasWritten_IsReadAgain()
    {
        Assert.Equal(new CancelRequested(Start, "me", "why"), RunCommands.ToEvent("cancel", "me", RunCommands.CancelBody("why"), Start));
        Assert.Equal(new CancelRequested(Start, "me", null), RunCommands.ToEvent("cancel", "me", RunCommands.CancelBody(null), Start));
        Assert.Equal(new ApprovalDecided(Start, "me", "ok", Approved: true, "yes"), RunCommands.ToEvent("approve", "me", RunCommands.DecisionBody("ok", "yes"), Start));
        Assert.Equal(new ApprovalDecided(Start, "me", "ok", Approved: false, null), RunCommands.ToEvent("reject", "me", RunCommands.DecisionBody("ok", null), Start));
        var signal = Assert.IsType<SignalReceived>(RunCommands.ToEvent("signal", "me", RunCommands.SignalBody("go", Good), Start));
        Assert.Equal(("go", """{"n":1}"""), (signal.Name, signal.Payload.GetRawText()));
    }

    [Theory]
    [InlineData("dance", "{}")]
    [InlineData("cancel", "not json")]
    [InlineData("cancel", "null")]
    [InlineData("cancel", "[]")]
    [InlineData("approve", "{}")]
    [InlineData("approve", """{"step":7}""")]
    [InlineData("signal", """{"name":"go"}""")]
    [InlineData("signal", """{"name":"go","payload":null}""")]
    [InlineData("signal", """{"name":"go","payload":1,"payload":2}""")]
    public void ToEvent_WhatItDoesNotUnderstand_IsAnEventThatChangesNothing(string kind, string body)
    {
        var @event = Assert.IsType<CommandUnknown>(RunCommands.ToEvent(kind, "me", body, Start));
        var before = _walk.State;
        _walk.Apply(@event);

        Assert.Equal(before, _walk.State);
        Assert.Equal(["command_ignored"], _walk.Kinds);
    }

    [Fact]
    public void ValidateDecision_InEachPhase_FitsOnlyWhileTheStepWaits()
    {
        Assert.Equal("not_waiting", Decision());
        Asking();
        Assert.Null(Decision());
        Assert.Equal("unknown_step", Decision("read"));
        Assert.Equal("unknown_step", Decision("nowhere"));
        Assert.Null(Decision(note: new string('x', WorkflowLimits.DecisionNote)));
        Assert.Equal("invalid_note", Decision(note: new string('x', WorkflowLimits.DecisionNote + 1)));
        _walk.Apply(new ApprovalDecided(Start, "me", "ok", Approved: true, null));
        Assert.Equal("not_waiting", Decision());
    }

    [Fact]
    public void ValidateSignal_InEachPhase_FitsUntilItCame()
    {
        Assert.Null(Signal(Good));
        Asking();
        Assert.Null(Signal(Good));
        _walk.Apply(new SignalReceived(Start, "me", "go", Good));
        Assert.Equal("not_waiting", Signal(Good));
        _walk.Apply(new CancelRequested(Start, "me", null));
        Assert.Equal("not_waiting", Signal(Good));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"n":"1"}""")]
    [InlineData("null")]
    public void ValidateSignal_PayloadThatDoesNotFit_IsRefused(string payload) => Assert.Equal("invalid_payload", Signal(JsonElement.Parse(payload)));

    [Fact]
    public void ValidateSignal_OverItsBounds_IsRefused()
    {
        string Padded(int length) => $$"""{"n":1,"s":"{{new string('x', length)}}"}""";
        var fits = WorkflowLimits.SignalPayload - Padded(0).Length;
        Assert.Null(Signal(JsonElement.Parse(Padded(fits))));
        Assert.Equal("payload_too_large", Signal(JsonElement.Parse(Padded(fits + 1))));
        Assert.Equal("invalid_payload", Signal(JsonElement.Parse($$"""{"n":1,"s":{{new string('[', 50)}}{{new string(']', 50)}}}""")));
        Assert.Equal("invalid_payload", Signal(default));
    }

    [Fact]
    public void ValidateSignal_UnknownName_NamesTheKnownOnes()
    {
        var fault = RunCommands.ValidateSignal(TestWorkflows.Waits, _walk.State, "stop", Good)!;

        Assert.Equal("unknown_signal", fault.Code);
        Assert.Contains("It waits for: go.", fault.Message, StringComparison.Ordinal);
    }

    private string? Decision(string step = "ok", string? note = null) => RunCommands.ValidateDecision(TestWorkflows.Waits, _walk.State, step, note)?.Code;

    private string? Signal(JsonElement payload) => RunCommands.ValidateSignal(TestWorkflows.Waits, _walk.State, "go", payload)?.Code;

    private void Asking() => _walk.Apply(new Started(Start), Decided("first"), Decided("second"), Launched("first"), Answered("read", """{"words":["a"]}"""));
}
