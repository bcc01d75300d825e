using Actors.Grains.Interfaces;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>Servers that break the protocol, in real containers: a typed outcome that names the thing, a trace, no hang, and a runner that goes on.</summary>
[Collection(DeploymentTests.Name)]
public sealed class MisbehavingServerTests(Deployment deployment)
{
    [Theory]
    [InlineData("garbage", "not_json")]
    [InlineData("twice", "duplicate_answer")]
    [InlineData("stderr", null)]
    public async Task Run_NoisyServer_SucceedsAndTheNoiseIsCounted(string workflow, string? noise)
    {
        var run = await deployment.RunAsync(workflow);
        var evidence = (await deployment.TraceAsync(run)).Single(e => e.Kind == "sandbox_stopped").Data.GetProperty("evidence");

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        if (noise is not null)
        {
            Assert.True(evidence.GetProperty("protocol_noise").GetProperty(noise).GetInt64() > 0);
        }
    }

    [Theory]
    [InlineData("long-line", "result_too_large")]
    [InlineData("endless", "output_limit")]
    [InlineData("invalid-utf8", "call_timed_out")]
    [InlineData("wrong-id", "call_timed_out")]
    [InlineData("exit", "server_exited")]
    [InlineData("never", "call_timed_out")]
    [InlineData("rpc-error", "json_rpc_error")]
    [InlineData("tool-error", "tool_error")]
    public async Task Run_BrokenServer_FailsByItsCodeAndNamesStepAndServer(string workflow, string code)
    {
        var run = await deployment.RunAsync(workflow);
        var trace = await deployment.TraceAsync(run);

        Assert.Equal((RunOutcome.Failed, code, "call", "shell"), (run.Outcome!.Value, run.Error!.Code, run.Error.Step, run.Error.Server));
        Assert.Contains(trace, e => e.Kind is "call_failed" or "call_unknown" or "call_answered");
        Assert.Empty(deployment.Containers());
        Assert.True((await deployment.RunAsync("shared-kernel")).Outcome == RunOutcome.Succeeded);
    }
}
