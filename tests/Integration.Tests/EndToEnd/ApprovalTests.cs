using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>A run that waits for a person, from either side.</summary>
[Collection(DeploymentTests.Name)]
public sealed class ApprovalTests(Deployment deployment)
{
    [Fact]
    public async Task Approve_OverMcp_TheRunGoesOnAndTellsWhoAgreed()
    {
        var run = await deployment.WaitingAsync(await deployment.StartAsync("count-approved"));
        Assert.Equal((WaitKind.Approval, "agree"), (run.WaitingFor!.Kind, run.WaitingFor.Step));
        Assert.Contains((await ListWaitingAsync()).EnumerateArray(), r => r.GetProperty("run_id").GetString() == run.RunId);

        await deployment.CallAsync("approve_run", new { run_id = run.RunId, step = "agree", decision = "approve", note = "fine" });
        run = await deployment.DoneAsync(run);

        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
        Assert.Equal("I am one", run.Output!.Value.GetProperty("words").GetString());
        Assert.NotEmpty(run.Output.Value.GetProperty("approved_by").GetString()!);
        Assert.Contains(await deployment.TraceAsync(run), e => e.Data.GetRawText().Contains("fine", StringComparison.Ordinal));
        Assert.Empty(deployment.Containers());
    }

    [Fact]
    public async Task Reject_OverTheCommandLine_EndsTheRunWithoutTheSecondCall()
    {
        var run = await deployment.WaitingAsync(await deployment.StartAsync("count-approved"));
        var (shown, output, _) = await ActorsCli.RunAsync(deployment, "get", run.RunId);
        Assert.Contains("agree", output, StringComparison.Ordinal);
        Assert.Equal(3, shown);

        await ActorsCli.RunAsync(deployment, "reject", run.RunId, "agree", "--note", "not now");
        run = await deployment.DoneAsync(run);

        Assert.NotEqual(RunOutcome.Succeeded, run.Outcome);
        Assert.DoesNotContain(await deployment.TraceAsync(run), e => e.Kind == "call_started" && e.Data.GetProperty("step").GetString() == "count");
    }

    [Fact]
    public async Task Approve_SiloWasKilledWhileTheRunWaited_GoesOnAfterwards()
    {
        var run = await deployment.WaitingAsync(await deployment.StartAsync("count-approved"));
        await deployment.Silo.KillAsync();
        await deployment.Silo.StartAsync();
        var (code, output, error) = await ActorsCli.RunAsync(deployment, "approve", run.RunId, "agree");

        Assert.True(code is 0 or 3, output + error);
        run = await deployment.DoneAsync(run);
        Assert.True(run.Outcome == RunOutcome.Succeeded, run.Error?.ToString());
    }

    private async Task<JsonElement> ListWaitingAsync() => (await deployment.CallAsync("list_runs", new { limit = 50 })).GetProperty("runs");
}
