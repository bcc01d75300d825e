using Actors.Grains.Interfaces;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>The main job and its refusals.</summary>
[Collection(DeploymentTests.Name)]
public sealed class RunWorkflowTests(Deployment deployment)
{
    [Theory]
    [InlineData("who", "runsc")]
    [InlineData("shared-kernel", "runc")]
    public async Task Run_SignedImage_SucceedsAndTheTraceTellsDigestAndRuntime(string workflow, string runtime)
    {
        var run = await deployment.RunAsync(workflow);
        var trace = await deployment.TraceAsync(run);
        var launched = trace.Single(e => e.Kind == "sandbox_launched").Data;

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        Assert.Equal("I am one", run.Output!.Value.GetProperty("text").GetString());
        Assert.Equal(runtime, launched.GetProperty("runtime").GetString());
        Assert.StartsWith("sha256:", launched.GetProperty("digest").GetString(), StringComparison.Ordinal);
        Assert.Equal(["submitted", "verifying", "image_decided", "sandbox_launched", "call_started", "call_answered", "sandbox_stopped", "done"], trace.Select(e => e.Kind));
        Assert.Empty(deployment.Containers());
    }

    [Fact]
    public async Task Run_TwoServers_SecondStepTakesTheFirstOnesResult()
    {
        var run = await deployment.RunAsync("two-servers");
        var heard = (await deployment.TraceAsync(run)).Single(e => e.Kind == "call_started" && e.Data.GetProperty("step").GetString() == "tell").Data;

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        Assert.Equal("I am one", heard.GetProperty("arguments").GetProperty("heard").GetString());
    }

    [Theory]
    [InlineData("unsigned", "unsigned")]
    [InlineData("elsewhere", "registry_not_allowed")]
    public async Task Run_ImageThatThePolicyRefuses_IsRejectedBeforeAnythingIsLaunched(string workflow, string code)
    {
        var run = await deployment.RunAsync(workflow);

        Assert.Equal((RunOutcome.Rejected, code, "shell"), (run.Outcome!.Value, run.Error!.Code, run.Error.Server));
        Assert.DoesNotContain(await deployment.TraceAsync(run), e => e.Kind == "sandbox_launched");
    }

    [Fact]
    public async Task Run_SecretEchoedByTheServer_IsNowhereToBeSeen()
    {
        var run = await deployment.RunAsync("secret");
        var trace = await deployment.TraceAsync(run);

        Assert.Equal("the key is [redacted]", run.Output!.Value.GetProperty("text").GetString());
        Assert.All(trace, e => Assert.DoesNotContain(Deployment.SecretValue, e.Data.GetRawText(), StringComparison.Ordinal));
        Assert.DoesNotContain(Deployment.SecretValue, deployment.Runner.Output + deployment.Silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_InMidCall_EndsAsCancelledAndLeavesNoContainer()
    {
        var run = await deployment.StartAsync("slow");
        await Calls.InFlightAsync(deployment, run);
        await deployment.CallAsync("cancel_run", new { run_id = run.RunId, reason = "enough" });
        run = await deployment.DoneAsync(run);

        Assert.Equal(RunOutcome.Cancelled, run.Outcome);
        Assert.Empty(deployment.Containers());
    }

    [Fact]
    public async Task Run_TagNamesAnotherImageTheSecondTime_RunsWhatWasDecided()
    {
        var run = await deployment.RunAsync("flip");
        var trace = await deployment.TraceAsync(run);
        var decided = trace.Single(e => e.Kind == "image_decided").Data.GetProperty("decision").GetProperty("digest").GetString();

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        Assert.Equal("I am first", run.Output!.Value.GetProperty("text").GetString());
        Assert.Equal(decided, trace.Single(e => e.Kind == "sandbox_launched").Data.GetProperty("digest").GetString());
        Assert.Single(deployment.Flipping.ByTag);

        // The registry really answers otherwise now.
        Assert.Equal("I am second", (await deployment.RunAsync("flip")).Output!.Value.GetProperty("text").GetString());
    }
}
