using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tests.Runs;

/// <summary>What callers see of runs, whatever the store.</summary>
public abstract class RunGrainTests : IAsyncLifetime
{
    private GrainFixture _silo = null!;

    private protected abstract GrainFixture Open(RunOptions? options = null);

    [Fact]
    public async Task Submit_GoodParams_RunsToSuccessWithATraceThatVerifies()
    {
        var run = await _silo.DoneAsync(await _silo.SubmitAsync());
        var trace = await _silo.TraceAsync(run);

        Assert.Equal(RunOutcome.Succeeded, run.Outcome);
        Assert.Equal("""{"total":1}""", run.Output!.Value.GetRawText());
        Assert.Equal(run.TraceHead, trace[^1].Hash);
        Assert.Equal(run.TraceLength, trace.Count);
        Assert.Equal(("submitted", "done"), (trace[0].Kind, trace[^1].Kind));
        Assert.Empty(_silo.Runner.Sandboxes);
        Assert.Equal(2, _silo.Runner.Stopped.Count);
    }

    [Fact]
    public async Task Stop_WhatTheSandboxDidUntilItsEnd_IsInTheTrace()
    {
        _silo.Runner.LastWords = "the very last words";

        var trace = await _silo.TraceAsync(await _silo.DoneAsync(await _silo.SubmitAsync()));

        var stopped = trace.Where(e => e.Kind == "sandbox_stopped").ToList();
        Assert.Equal(2, stopped.Count);
        Assert.All(stopped, e => Assert.Equal("the very last words", e.Data.GetProperty("evidence").GetProperty("stderr_tail").GetString()));
    }

    [Fact]
    public async Task Submit_SensitiveParam_NeverEntersTheTrace()
    {
        var run = await _silo.DoneAsync(await _silo.SubmitAsync("""{"text":"a","password":"hunter2"}"""));

        Assert.All(await _silo.TraceAsync(run), e => Assert.DoesNotContain("hunter2", e.Data.GetRawText(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nowhere", "{}", "unknown_workflow")]
    [InlineData("two-steps", "[]", "invalid_params")]
    [InlineData("two-steps", "{}", "invalid_params")]
    [InlineData("two-steps", """{"text":1}""", "invalid_params")]
    [InlineData("two-steps", """{"text":"a","more":1}""", "invalid_params")]
    public async Task Submit_BadInput_IsRefusedByItsCode(string workflow, string parameters, string code)
    {
        var e = await Assert.ThrowsAsync<RunRejectedException>(() => _silo.SubmitAsync(parameters, workflow: workflow));

        Assert.Equal(code, e.Error.Code);
    }

    [Fact]
    public async Task Submit_OversizedParams_IsRefused()
    {
        var fits = JsonSerializer.Serialize(new { text = new string('x', RunDirectory.LargestParams - 11) });
        await _silo.DoneAsync(await _silo.SubmitAsync(fits));
        var e = await Assert.ThrowsAsync<RunRejectedException>(() => _silo.SubmitAsync(JsonSerializer.Serialize(new { text = new string('x', RunDirectory.LargestParams - 10) })));

        Assert.Equal("params_too_large", e.Error.Code);
    }

    [Fact]
    public async Task Submit_SameKeyAndRequest_IsTheSameRun()
    {
        var first = await _silo.SubmitAsync(key: "k");
        var second = await _silo.SubmitAsync(key: "k");
        var conflict = await Assert.ThrowsAsync<RunRejectedException>(() => _silo.SubmitAsync("""{"text":"other"}""", key: "k"));

        Assert.Equal(first.RunId, second.RunId);
        Assert.Equal((true, false), (first.IsNew, second.IsNew));
        Assert.Equal("idempotency_conflict", conflict.Error.Code);
        Assert.Contains(first.RunId, conflict.Error.Message, StringComparison.Ordinal);
        await _silo.DoneAsync(first);
        Assert.Equal(2, _silo.Runner.Executed.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("é")]
    public async Task Submit_MalformedKey_IsRefused(string key) =>
        Assert.Equal("invalid_idempotency_key", (await Assert.ThrowsAsync<RunRejectedException>(() => _silo.SubmitAsync(key: key))).Error.Code);

    [Fact]
    public async Task Submit_RefusedImage_IsRejectedAndNothingIsLaunched()
    {
        _silo.Runner.OnDecide = r => r.Image == TestWorkflows.FirstImage ? TestEvents.Refuse(r.Image) : TestEvents.Admit(r.Image);
        var run = await _silo.DoneAsync(await _silo.SubmitAsync());

        Assert.Equal((RunOutcome.Rejected, "unsigned", "first"), (run.Outcome!.Value, run.Error!.Code, run.Error.Server));
        Assert.Empty(_silo.Runner.Executed);
        Assert.Empty(_silo.Runner.Stopped);
    }

    [Fact]
    public async Task Launch_UsesTheDecidedDigestAlone()
    {
        var launched = new List<string>();
        _silo.Runner.OnCall = (id, _, _) =>
        {
            launched.AddRange(_silo.Runner.Sandboxes.Values.Select(s => s.Image));
            return Task.FromResult(FakeRunner.Result(id, """{"content":[],"structuredContent":{"words":["a"],"total":1}}"""));
        };
        await _silo.DoneAsync(await _silo.SubmitAsync());

        Assert.NotEmpty(launched);
        Assert.All(launched, i => Assert.Contains("@sha256:", i, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancel_InMidCall_EndsAsCancelledAndStopsItsSandboxes()
    {
        var run = await SubmitUnansweredAsync();
        await _silo.Grain(run).CancelAsync("tester", "enough", default);
        run = await _silo.DoneAsync(run);

        Assert.Equal((RunOutcome.Cancelled, "enough"), (run.Outcome!.Value, run.Error!.Message));
        Assert.Empty(_silo.Runner.Sandboxes);
    }

    [Fact]
    public async Task Cancel_UnknownOrDoneRun_ChangesNothing()
    {
        var run = await _silo.DoneAsync(await _silo.SubmitAsync());
        var again = await _silo.Grain(run).CancelAsync("tester", null, default);

        Assert.Null(await _silo.Directory.Get(RunId.New(TestEvents.Start)).CancelAsync("tester", null, default));
        Assert.Equal(run.Version, again!.Version);
        Assert.Equal(RunOutcome.Succeeded, again.Outcome);
    }

    [Fact]
    public async Task Deadline_RunnerNeverAnswers_TimesOut()
    {
        var run = await SubmitUnansweredAsync();
        _silo.Advance(TimeSpan.FromMinutes(6));
        run = await _silo.DoneAsync(run);

        Assert.Equal((RunOutcome.TimedOut, "run_timed_out", "read"), (run.Outcome!.Value, run.Error!.Code, run.Error.Step));
    }

    [Fact]
    public async Task Restart_InMidCall_FindsTheAnswerAndCallsOnce()
    {
        var pending = new CallView { CallId = "", Status = CallStatus.Pending };
        var called = new TaskCompletionSource<string>();
        _silo.Runner.OnCall = (id, _, _) =>
        {
            called.TrySetResult(id);
            return Task.FromResult(id == called.Task.Result ? pending : FakeRunner.Result(id, """{"content":[],"structuredContent":{"total":1}}"""));
        };
        var run = await _silo.SubmitAsync();
        var call = await called.Task;

        await _silo.StopAsync();
        _silo.Runner.Answer(call, FakeRunner.Result(call, """{"content":[],"structuredContent":{"words":["a"]}}"""));
        _silo.Start();
        run = await _silo.DoneAsync(run);
        var trace = await _silo.TraceAsync(run);

        Assert.Equal(RunOutcome.Succeeded, run.Outcome);
        Assert.Equal(2, _silo.Runner.Executed.Count);
        Assert.Contains(trace, e => e.Kind == "recovered");
    }

    [Fact]
    public async Task Restart_SandboxGoneMeanwhile_EndsAsInterruptedWithoutARepeat()
    {
        var called = new TaskCompletionSource<string>();
        _silo.Runner.OnCall = (id, _, _) =>
        {
            called.TrySetResult(id);
            return Task.FromResult(new CallView { CallId = id, Status = CallStatus.Pending });
        };
        var run = await _silo.SubmitAsync();
        await called.Task;

        await _silo.StopAsync();
        _silo.Runner.Sandboxes.Clear();
        _silo.Start();
        run = await _silo.DoneAsync(run);

        Assert.Equal(RunOutcome.Failed, run.Outcome);
        Assert.Equal("interrupted", run.Error!.Code);
        Assert.Single(_silo.Runner.Executed);
    }

    [Fact]
    public async Task Slots_AllTaken_TheNextRunWaitsAsQueued()
    {
        await using var silo = Open(new RunOptions { MaxActive = 1, MaxQueued = 1 });
        var called = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        silo.Runner.OnCall = async (id, _, _) =>
        {
            called.TrySetResult();
            await release.Task;
            return FakeRunner.Result(id, """{"content":[],"structuredContent":{"words":["a"],"total":1}}""");
        };
        var first = await silo.SubmitAsync();
        await called.Task;
        var second = await silo.SubmitAsync();
        var full = await Assert.ThrowsAsync<RunRejectedException>(() => silo.SubmitAsync());

        Assert.Equal("queue_full", full.Error.Code);
        Assert.Equal(RunStatus.Queued, (await silo.Grain(second).GetAsync(default))!.Status);
        release.SetResult();
        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(first)).Outcome);
        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(second)).Outcome);
    }

    [Fact]
    public async Task Slots_RunThatKeepsItsSandboxWhileItWaits_TakesNone()
    {
        await using var silo = Open(new RunOptions { MaxActive = 1 });
        var waiting = await silo.SubmitAsync(workflow: "waits");
        await WaitsForAsync(silo, waiting, WaitKind.Approval);
        Assert.Single(silo.Runner.Sandboxes);
        Assert.Equal(1, await silo.CountOwnedAsync());

        // The slot is free, and taken again behind the approval.
        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(await silo.SubmitAsync())).Outcome);
        await silo.Grain(waiting).ApproveAsync("tester", "ok", true, null, default);
        await WaitsForAsync(silo, waiting, WaitKind.Signal);
        await silo.Grain(waiting).SignalAsync("tester", "go", JsonElement.Parse("""{"n":1}"""), default);

        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(waiting)).Outcome);
        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(await silo.SubmitAsync())).Outcome);
    }

    [Fact]
    public async Task Wait_NothingChanges_ReturnsAfterTheTime()
    {
        var run = await _silo.DoneAsync(await _silo.SubmitAsync());

        Assert.Null(await _silo.Directory.Get(RunId.New(TestEvents.Start)).WaitAsync(0, TimeSpan.FromMinutes(1), default));
        Assert.Equal(run.Version, (await _silo.Grain(run).WaitAsync(run.Version, TimeSpan.FromMinutes(1), default))!.Version);
    }

    public Task InitializeAsync()
    {
        _silo = Open();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task GetProgress_CallInFlight_IsWhatItsServerSaysAndWasNotSeen()
    {
        var run = await SubmitUnansweredAsync();
        var call = Assert.Single(_silo.Runner.Executed);
        var before = await _silo.Grain(run).GetProgressAsync(-1, default);
        _silo.Runner.Answer(call, new CallView { CallId = call, Status = CallStatus.Pending, Progress = new CallProgress(2, 5, "page 2") });

        Assert.Null(before);
        Assert.Equal(new CallProgressView(call[(run.RunId.Length + 1)..^2], 2, 5, "page 2"), await _silo.Grain(run).GetProgressAsync(-1, default));
        Assert.Null(await _silo.Grain(run).GetProgressAsync(2, default));
    }

    /// <summary>A run whose first call is in flight and never answered.</summary>
    private async Task<RunView> SubmitUnansweredAsync()
    {
        var called = new TaskCompletionSource();
        _silo.Runner.OnCall = async (_, _, cancellationToken) =>
        {
            called.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException();
        };
        var run = await _silo.SubmitAsync();
        await called.Task;
        return run;
    }

    private static async Task WaitsForAsync(GrainFixture silo, RunView run, WaitKind kind)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (run.WaitingFor?.Kind != kind)
        {
            run = (await silo.Grain(run).WaitAsync(run.Version, TimeSpan.FromMinutes(1), patience.Token))!;
        }
    }

    public async Task DisposeAsync() => await _silo.DisposeAsync();
}
