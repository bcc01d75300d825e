using Actors.Grains.Interfaces;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary><c>kill -9</c> of real processes in mid-call: an honest outcome, nothing of the trace lost, no container left, no call made twice.</summary>
[Collection(DeploymentTests.Name)]
public sealed class CrashTests(Deployment deployment)
{
    [Fact]
    public async Task KillSilo_InMidCall_TheAnswerIsFoundAndTheCallMadeOnce()
    {
        var (run, before) = await InFlightAsync("slow");
        await deployment.Silo.KillAsync();
        await deployment.Silo.StartAsync();

        await AssertSucceededOnceAsync(run, before);
        Assert.Contains(await deployment.TraceAsync(run), e => e.Kind == "recovered");
    }

    [Fact]
    public async Task KillRunner_InMidCall_TheAnswerIsFoundInTheContainersLog()
    {
        var (run, before) = await InFlightAsync("slow");
        await deployment.Runner.KillAsync();
        await deployment.Runner.StartAsync();

        await AssertSucceededOnceAsync(run, before);
    }

    [Fact]
    public async Task KillBoth_InMidCall_TheRunGoesOn()
    {
        var (run, before) = await InFlightAsync("slow");
        await deployment.Silo.KillAsync();
        await deployment.Runner.KillAsync();
        await deployment.Runner.StartAsync();
        await deployment.Silo.StartAsync();

        await AssertSucceededOnceAsync(run, before);
    }

    [Fact]
    public async Task KillEngine_InMidCall_TheRunnerAttachesAgain()
    {
        var (run, before) = await InFlightAsync("slow");
        deployment.KillEngine();

        await AssertSucceededOnceAsync(run, before);
    }

    [Fact]
    public async Task StopSiloGracefully_InMidCall_TheRunGoesOnAtItsNextStart()
    {
        var (run, before) = await InFlightAsync("slow");
        await deployment.Silo.TerminateAsync();
        await deployment.Silo.StartAsync();

        await AssertSucceededOnceAsync(run, before);
    }

    [Fact]
    public async Task KillRunnerAndContainer_InMidCall_EndsAsInterruptedWithoutARepeat()
    {
        var (run, before) = await InFlightAsync("slow");
        await deployment.Runner.KillAsync();
        Deployment.RemoveContainer(Assert.Single(deployment.Containers()));
        await deployment.Runner.StartAsync();
        run = await deployment.DoneAsync(run);
        var trace = await deployment.TraceAsync(run);

        Assert.Equal((RunOutcome.Failed, "interrupted"), (run.Outcome!.Value, run.Error!.Code));
        AssertKept(before, trace);
        Assert.Single(trace, e => e.Kind == "sandbox_launched");
        Assert.Empty(deployment.Containers());
    }

    [Fact]
    public async Task KillRunnerAndContainer_DuringAReadOnlyCall_TheCallIsRepeatedAndSucceeds()
    {
        var (run, before) = await InFlightAsync("slow-read");
        await deployment.Runner.KillAsync();
        Deployment.RemoveContainer(Assert.Single(deployment.Containers()));
        await deployment.Runner.StartAsync();
        run = await deployment.DoneAsync(run);
        var trace = await deployment.TraceAsync(run);

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        AssertKept(before, trace);
        Assert.Equal(2, trace.Count(e => e.Kind == "call_started"));
        Assert.Contains(trace, e => e.Kind == "call_unknown" && e.Data.GetProperty("repeated").GetBoolean());
        Assert.Empty(deployment.Containers());
    }

    private async Task<(RunView Run, IReadOnlyList<TraceEntry> Trace)> InFlightAsync(string workflow)
    {
        var run = await deployment.StartAsync(workflow);
        await Calls.InFlightAsync(deployment, run);
        return (run, await deployment.TraceAsync(run));
    }

    private async Task AssertSucceededOnceAsync(RunView run, IReadOnlyList<TraceEntry> before)
    {
        run = await deployment.DoneAsync(run);
        var trace = await deployment.TraceAsync(run);
        var stopped = trace.Single(e => e.Kind == "sandbox_stopped").Data.GetProperty("evidence").GetProperty("stderr_tail").GetString()!;

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        Assert.Equal("slept", run.Output!.Value.GetProperty("text").GetString());
        AssertKept(before, trace);
        Assert.Single(stopped.Split('\n'), l => l.StartsWith("called ", StringComparison.Ordinal));
        Assert.Empty(deployment.Containers());
    }

    /// <summary>What was in the trace before the crash is in it still, to the byte.</summary>
    private static void AssertKept(IReadOnlyList<TraceEntry> before, IReadOnlyList<TraceEntry> after) =>
        Assert.Equal(before.Select(e => e.Hash), after.Take(before.Count).Select(e => e.Hash));
}
