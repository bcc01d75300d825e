using System.Text.Json.Nodes;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Mcp;

/// <summary>What a client hears while it waits.</summary>
public sealed class ProgressTests
{
    [Fact]
    public async Task RunWorkflow_ServerReportsProgress_IsForwardedAndGrows()
    {
        await using var silo = await SiloHost.StartAsync();
        using var stream = await ListenStream.CallAsync(silo, "run_workflow", new { workflow_id = "hang", @params = new { ms = 60_000 } });
        var reports = new List<JsonNode>();
        while (reports.Count(r => Message(r).Contains(" of 60000, at run-", StringComparison.Ordinal)) < 3)
        {
            reports.Add(await stream.ReadAsync());
        }

        Assert.All(reports, r => Assert.Equal("notifications/progress", r["method"]!.GetValue<string>()));
        Assert.Contains(reports, r => Message(r).Contains("step a calls append of tool (", StringComparison.Ordinal));
        var values = reports.Select(r => r["params"]!["progress"]!.GetValue<double>()).ToList();
        Assert.Equal(values.Order().Distinct(), values);
    }

    [Fact]
    public async Task WaitRun_RunThatWaits_SaysForWhat()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var run = await client.StartAsync("ask", new { topic = "tea" });
        await client.WaitingAsync(run);
        using var stream = await ListenStream.CallAsync(silo, "wait_run", new { run_id = run });

        Assert.Equal($"{run}: step sure waits for an approval; 0 of 2 steps done", Message(await stream.ReadAsync()));
    }

    private static string Message(JsonNode report) => report["params"]!["message"]!.GetValue<string>();
}
