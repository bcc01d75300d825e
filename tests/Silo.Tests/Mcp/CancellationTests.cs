using System.Text.Json.Nodes;
using Actors.Silo.Tests.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Whether a client's cancellation of a call reaches the run, and nothing else does.</summary>
public sealed class CancellationTests
{
    [Fact]
    public async Task Session_NotifiesCancelled_CancelsTheRunOfItsCall()
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        await using var other = await silo.ConnectAsync(McpClients.Sessions);
        var id = new RequestId("mine");
        var call = client.SendRequestAsync(new JsonRpcRequest { Id = id, Method = "tools/call", Params = Call("ask") });
        var run = await other.OnlyRunAsync();
        await client.SendNotificationAsync(NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = id }, McpJsonUtilities.DefaultOptions);

        Assert.Equal("cancelled", await other.OutcomeAsync(run));
        Assert.False(call.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Modern_ClosesItsStream_CancelsTheRunOfItsCall()
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var other = await silo.ConnectAsync(McpClients.Modern);
        var run = await AbandonAsync(silo, new { workflow_id = "ask", @params = new { topic = "tea" } });

        Assert.Equal("cancelled", await other.OutcomeAsync(run));
    }

    [Fact]
    public async Task Modern_ClosesTheStreamOfARepeat_LeavesTheRun()
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var run = (await client.RunAsync("ask", new { topic = "tea" }, "k"))["taskId"]!.GetValue<string>();
        var abandoned = await AbandonAsync(silo, new { workflow_id = "ask", @params = new { topic = "tea" }, idempotency_key = "k" });

        Assert.Equal(run, abandoned);
        await client.WaitingAsync(run);
        await client.ToolAsync("approve_run", new { run_id = run, step = "sure", decision = "approve" });
        Assert.Equal("succeeded", await client.OutcomeAsync(run));
    }

    [Fact]
    public async Task Session_DropsItsConnectionOrEnds_LeavesTheRun()
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var other = await silo.ConnectAsync(McpClients.Sessions);
        var client = await silo.ConnectAsync(McpClients.Sessions);
        _ = client.SendRequestAsync(new JsonRpcRequest { Id = new RequestId("mine"), Method = "tools/call", Params = Call("ask") });
        var run = await other.OnlyRunAsync();
        await other.WaitingAsync(run);
        await client.DisposeAsync();

        await other.ToolAsync("approve_run", new { run_id = run, step = "sure", decision = "approve" });
        Assert.Equal("succeeded", await other.OutcomeAsync(run));
    }

    // Waits until the call's first report, which names the run, and goes.
    private static async Task<string> AbandonAsync(SiloHost silo, object arguments)
    {
        using var stream = await ListenStream.CallAsync(silo, "run_workflow", arguments);
        return (await stream.ReadAsync())["params"]!["message"]!.GetValue<string>().Split(':')[0];
    }

    private static JsonObject Call(string workflow) => new()
    {
        ["name"] = "run_workflow",
        ["arguments"] = new JsonObject { ["workflow_id"] = workflow, ["params"] = new JsonObject { ["topic"] = "tea" } },
    };
}

internal static class RunQuestions
{
    /// <summary>The run of a silo that has one, once it has.</summary>
    public static async Task<string> OnlyRunAsync(this McpClient client)
    {
        while (true)
        {
            if ((await client.DataAsync("list_runs", new { })).GetProperty("runs").EnumerateArray().ToList() is [var run])
            {
                return run.GetProperty("run_id").GetString()!;
            }
        }
    }

    /// <summary>How a run ends.</summary>
    public static async Task<string> OutcomeAsync(this McpClient client, string run) =>
        (await client.DataAsync("wait_run", new { run_id = run, timeout_seconds = 30 })).TryGetProperty("outcome", out var outcome) ? outcome.GetString()! : "none";
}
