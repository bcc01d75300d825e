using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.RunnerApi.Contracts;
using Actors.Testing;

namespace Actors.Grains.Tests.Runs;

/// <summary>Activations under races and faults, whatever the store.</summary>
public abstract class RunHostTests
{
    private protected abstract GrainFixture Open(RunOptions? options = null, RedactionOptions? redaction = null);

    [Fact]
    public async Task Cancel_ManyAtOnceOfAQueuedRun_ActivatesItOnceAndAnswersAll()
    {
        // No slot is ever free: only the cancels activate the run.
        await using var silo = Open(new RunOptions { MaxActive = 0 });
        for (var round = 0; round < 30; round++)
        {
            var run = await silo.SubmitAsync();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => silo.Grain(run).CancelAsync($"c{i}", null, default)))).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

            Assert.Equal(RunOutcome.Cancelled, (await silo.DoneAsync(run)).Outcome);
            Assert.Single(await silo.TraceAsync(run), e => e.Kind == "done");
        }
    }

    [Fact]
    public async Task Cancel_CommitFails_IsTakenByTheNextActivation()
    {
        await using var silo = Open(new RunOptions { MaxActive = 0 });
        var run = await silo.SubmitAsync();
        silo.Faults.FailCommits(1);
        await silo.Grain(run).CancelAsync("tester", null, default);
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));

        Assert.Equal(RunOutcome.Cancelled, (await silo.Grain(run).GetAsync(default))!.Outcome);
    }

    [Fact]
    public async Task Run_CommitsFailAgainAndAgain_EndsWhenTheyWork()
    {
        await using var silo = Open();
        silo.Faults.FailCommits(3);
        var run = await silo.SubmitAsync();
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));

        Assert.Equal(RunOutcome.Succeeded, (await silo.Grain(run).GetAsync(default))!.Outcome);
    }

    [Fact]
    public async Task Run_AnswerOfACommitIsLost_GoesOnFromWhatWasStored()
    {
        await using var silo = Open();
        silo.Faults.LoseAnswers(2);
        var run = await silo.SubmitAsync();
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));

        Assert.Equal(RunOutcome.Succeeded, (await silo.Grain(run).GetAsync(default))!.Outcome);
        Assert.Equal(2, silo.Runner.Executed.Count);
    }

    [Fact]
    public async Task Run_BreaksAtEachActivation_IsQuarantinedWithItsOwners()
    {
        await using var silo = Open(new RunOptions { MaxStrikes = 2 });
        silo.Runner.OnCall = (_, _, _) =>
        {
            silo.Faults.FailCommits(1);
            return Task.FromResult(FakeRunner.Result("x", """{"content":[],"structuredContent":{"words":["a"],"total":1}}"""));
        };
        silo.Runner.Forgetful = true;
        var run = await silo.SubmitAsync();
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(10));
        var view = (await silo.Grain(run).GetAsync(default))!;

        Assert.Equal((RunOutcome.Failed, "quarantined"), (view.Outcome!.Value, view.Error!.Code));
        Assert.Contains(await silo.TraceAsync(run), e => e.Kind == "quarantined" && e.Data.GetProperty("evidence").GetArrayLength() > 0);
    }

    [Fact]
    public async Task Run_DefinitionBreaksItsSilo_IsQuarantinedWithoutIt()
    {
        await using var silo = Open(new RunOptions { MaxStrikes = 2 });
        var called = new TaskCompletionSource();
        silo.Runner.OnCall = (id, _, _) =>
        {
            called.TrySetResult();
            return Task.FromResult(new CallView { CallId = id, Status = CallStatus.Pending });
        };
        var run = await silo.SubmitAsync();
        await called.Task;
        await silo.StopAsync();
        silo.Faults.OnDefinition = new InvalidOperationException("too deep");
        silo.Start();
        Assert.True(RunId.TryParse(run.RunId, out var id));
        await Poll.UntilAsync(async () =>
        {
            silo.Advance(TimeSpan.FromSeconds(10));
            return (await silo.Store.LoadAsync(id, default))!.State.Status == RunStatus.Done;
        });
        silo.Faults.OnDefinition = null;
        var view = (await silo.Grain(run).GetAsync(default))!;

        Assert.Equal((RunOutcome.Failed, "quarantined"), (view.Outcome!.Value, view.Error!.Code));
        Assert.Equal(["quarantined", "call_unknown", "sandboxes_abandoned", "done"], (await silo.TraceAsync(run)).TakeLast(4).Select(e => e.Kind));
    }

    [Fact]
    public async Task Stop_EngineFailsForAMoment_IsTriedAgainAndNothingIsAbandoned()
    {
        await using var silo = Open();
        silo.Runner.FailingStops = 4;
        var run = await silo.SubmitAsync();
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));
        var trace = await silo.TraceAsync(run);

        Assert.Equal(RunOutcome.Succeeded, (await silo.Grain(run).GetAsync(default))!.Outcome);
        Assert.Empty(silo.Runner.Sandboxes);
        Assert.DoesNotContain(trace, e => e.Kind == "sandboxes_abandoned");
        Assert.InRange(trace.Count(e => e.Kind == "effect_failed"), 1, 2);
    }

    [Fact]
    public async Task Submit_RepeatedWhileTheQueueIsFull_FindsItsRun()
    {
        await using var silo = Open(new RunOptions { MaxActive = 0, MaxQueued = 1 });
        var run = await silo.SubmitAsync(key: "k1");

        Assert.Equal(run.RunId, (await silo.SubmitAsync(key: "k1")).RunId);
        Assert.Equal("queue_full", (await Assert.ThrowsAsync<RunRejectedException>(() => silo.SubmitAsync(key: "k2"))).Error.Code);
        Assert.Equal("queue_full", (await Assert.ThrowsAsync<RunRejectedException>(() => silo.SubmitAsync())).Error.Code);
        Assert.Equal("idempotency_conflict", (await Assert.ThrowsAsync<RunRejectedException>(() => silo.SubmitAsync("""{"text":"c"}""", "k1"))).Error.Code);
    }

    [Fact]
    public async Task Claim_RunsWhoseOwnersDiedAgainAndAgain_AreTriedOneByOne()
    {
        await using var silo = Open();
        var open = new System.Collections.Concurrent.ConcurrentQueue<string>();
        silo.Runner.OnCall = (id, _, _) =>
        {
            open.Enqueue(id);
            return Task.FromResult(new CallView { CallId = id, Status = CallStatus.Pending });
        };
        RunView[] runs = [await silo.SubmitAsync(), await silo.SubmitAsync()];
        await Poll.UntilAsync(() => open.Count == 2);
        await silo.StopAsync();
        for (var crash = 1; crash < new RunOptions().MaxStrikes; crash++)
        {
            await silo.CrashWithAllAsync();
        }

        silo.Start();
        await Poll.UntilAsync(async () => await silo.CountOwnedAsync() > 0);
        for (var look = 0; look < 5; look++)
        {
            silo.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, await silo.CountOwnedAsync());
        }

        silo.Runner.OnCall = (id, _, _) => Task.FromResult(FakeRunner.Result(id, """{"content":[],"structuredContent":{"words":["a"],"total":1}}"""));
        foreach (var call in open)
        {
            silo.Runner.Answer(call, FakeRunner.Result(call, """{"content":[],"structuredContent":{"words":["a"],"total":1}}"""));
        }

        foreach (var run in runs)
        {
            await silo.DoneByAsync(run, TimeSpan.FromMilliseconds(500));
            Assert.Equal(RunOutcome.Succeeded, (await silo.Grain(run).GetAsync(default))!.Outcome);
        }
    }

    [Fact]
    public async Task Run_StoreTakesNoWritesForLong_CostsItNothing()
    {
        await using var silo = Open(new RunOptions { MaxStrikes = 2 });
        silo.Faults.FailCommits(20, new StoreUnavailableException("no table"));
        var run = await silo.SubmitAsync();
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));

        Assert.Equal(RunOutcome.Succeeded, (await silo.Grain(run).GetAsync(default))!.Outcome);
        Assert.DoesNotContain(await silo.TraceAsync(run), e => e.Kind == "recovered");
    }

    [Fact]
    public async Task Post_ManyCommands_LeaveRoomForACancellation()
    {
        await using var silo = Open(new RunOptions { MaxActive = 0 });
        var run = await silo.SubmitAsync();
        silo.Runner.OnCall = (_, _, _) => new TaskCompletionSource<CallView>().Task;
        Assert.True(RunId.TryParse(run.RunId, out var id));
        for (var i = 0; i < 1000; i++)
        {
            await silo.Store.PostAsync(id, new RunCommand(RunCommands.Signal, "x", RunCommands.SignalBody("go", System.Text.Json.JsonElement.Parse("1"))), default);
        }

        await silo.Grain(run).CancelAsync("tester", null, default);
        await silo.DoneByAsync(run, TimeSpan.FromSeconds(1));
        Assert.Equal(RunOutcome.Cancelled, (await silo.Grain(run).GetAsync(default))!.Outcome);
    }

    [Fact]
    public async Task Post_AfterTheHostStopped_IsRefused()
    {
        var silo = Open(new RunOptions { MaxActive = 0 });
        var run = await silo.SubmitAsync();
        var grain = silo.Grain(run);
        await silo.StopAsync();
        var e = await Assert.ThrowsAsync<RunRejectedException>(() => grain.CancelAsync("tester", null, default));
        await silo.DisposeAsync();

        Assert.Equal("shutting_down", e.Error.Code);
    }

    [Fact]
    public async Task View_SecretInAToolsErrorAndOutput_IsRedactedLikeTheTrace()
    {
        var folder = Directory.CreateTempSubdirectory("actors-secrets");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "db"), "hunter2hunter2");
            await using var silo = Open(redaction: new RedactionOptions { SecretsDirectory = folder.FullName, Paths = ["output.total"] });
            var succeeded = await silo.DoneAsync(await silo.SubmitAsync());
            silo.Runner.OnCall = (id, _, _) => Task.FromResult(FakeRunner.Result(id, """{"isError":true,"content":[{"type":"text","text":"login failed with hunter2hunter2"}]}"""));
            var failed = await silo.DoneAsync(await silo.SubmitAsync());

            Assert.Equal("[redacted]", succeeded.Output!.Value.GetProperty("total").GetString());
            Assert.Contains("login failed with [redacted]", failed.Error!.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Submit_ParamsNestedTooDeep_IsRefused()
    {
        await using var silo = Open();
        var deep = string.Concat(Enumerable.Repeat("[", 50)) + string.Concat(Enumerable.Repeat("]", 50));
        var e = await Assert.ThrowsAsync<RunRejectedException>(() => silo.SubmitAsync($$"""{"text":{{deep}}}"""));

        Assert.Equal("invalid_params", e.Error.Code);
        Assert.Contains("nested", e.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ResultAsDeepAsTheRunnerAdmits_Succeeds()
    {
        await using var silo = Open();
        const int levels = 45;
        var deep = string.Concat(Enumerable.Repeat("[", levels)) + string.Concat(Enumerable.Repeat("]", levels));
        silo.Runner.OnCall = (id, _, _) => Task.FromResult(FakeRunner.Result(id, $$$"""{"content":[],"structuredContent":{"words":{{{deep}}},"total":1}}"""));

        Assert.Equal(RunOutcome.Succeeded, (await silo.DoneAsync(await silo.SubmitAsync())).Outcome);
    }

    [Fact]
    public async Task Call_SandboxEndedBeforeItWasSent_IsCertainToHaveFailed()
    {
        await using var silo = Open();
        silo.Runner.OnCall = (_, _, _) => throw new Runner.RunnerException(System.Net.HttpStatusCode.Gone, ProblemCodes.SandboxEnded, "ended");
        var run = await silo.DoneAsync(await silo.SubmitAsync());

        Assert.Contains("before 'read' was called", run.Error!.Message, StringComparison.Ordinal);
        Assert.Contains(await silo.TraceAsync(run), e => e.Kind == "call_failed");
    }
}
