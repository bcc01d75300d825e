using System.Collections.Concurrent;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>What the SDK's client sees of a run in a real sandbox.</summary>
[Collection(DeploymentTests.Name)]
public sealed class McpFeatureTests(Deployment deployment)
{
    [Fact]
    public async Task RunWorkflow_ServerReportsProgress_ReachesTheClientWithoutSecrets()
    {
        await using var client = await deployment.ConnectAsync();
        var heard = new Heard();
        var result = await client.CallToolAsync("run_workflow", new Dictionary<string, object?>(StringComparer.Ordinal) { ["workflow_id"] = "progress" }, heard);
        var run = result.StructuredContent!.Value;
        while (run.GetProperty("status").GetString() != "done")
        {
            result = await client.CallToolAsync("wait_run", new Dictionary<string, object?>(StringComparer.Ordinal) { ["run_id"] = run.GetProperty("run_id").GetString() }, heard);
            run = result.StructuredContent!.Value;
        }

        Assert.Equal("succeeded", run.GetProperty("outcome").GetString());
        Assert.Contains(heard.Messages, m => m.Contains("step call calls progress of shell (3 of 3, part 3 with [redacted])", StringComparison.Ordinal));
        var artifact = Assert.IsType<TextResourceContents>(Assert.Single((await client.ReadResourceAsync($"run://{run.GetProperty("run_id").GetString()}/artifacts/steps/call.json")).Contents));
        Assert.Equal("all parts", JsonElement.Parse(artifact.Text).GetProperty("content")[0].GetProperty("text").GetString());
    }

    private sealed class Heard : IProgress<ProgressNotificationValue>
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public void Report(ProgressNotificationValue value) => Messages.Enqueue(value.Message ?? "");
    }
}
