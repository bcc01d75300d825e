using System.Text.Json.Nodes;
using Actors.Silo.Tests.Hosting;
using Actors.Silo.Tests.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Runs as tasks in the form of 2025-11-25.</summary>
public sealed class SessionTaskTests
{
    [Fact]
    public async Task Call_AsATask_IsItsRunAndGivesItsResult()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var task = (await StartAsync(client, "three", new JsonObject { ["ms"] = 0 }))["task"]!;
        var id = task["taskId"]!.GetValue<string>();

        Assert.Equal("working", task["status"]!.GetValue<string>());
        Assert.True(task.AsObject().ContainsKey("ttl"));
        Assert.Equal(1000, task["pollInterval"]!.GetValue<int>());
        var result = await SendAsync(client, "tasks/result", id);
        Assert.Equal("succeeded", result["structuredContent"]!["outcome"]!.GetValue<string>());
        Assert.Equal(id, result["_meta"]!["io.modelcontextprotocol/related-task"]!["taskId"]!.GetValue<string>());
        Assert.Equal("completed", (await SendAsync(client, "tasks/get", id))["status"]!.GetValue<string>());
        Assert.Equal([id], (await SendAsync(client, "tasks/list", null))["tasks"]!.AsArray().Select(t => t!["taskId"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Cancel_Task_CancelsItsRunOnce()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var id = (await StartAsync(client, "ask", new JsonObject { ["topic"] = "tea" }))["task"]!["taskId"]!.GetValue<string>();
        await client.WaitingAsync(id);

        Assert.Equal("step sure waits for an approval", (await SendAsync(client, "tasks/get", id))["statusMessage"]!.GetValue<string>());
        Assert.Equal(id, (await SendAsync(client, "tasks/cancel", id))["taskId"]!.GetValue<string>());
        Assert.Equal("cancelled", (await SendAsync(client, "tasks/result", id))["structuredContent"]!["outcome"]!.GetValue<string>());
        Assert.Equal("cancelled", (await SendAsync(client, "tasks/get", id))["status"]!.GetValue<string>());
        Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(() => SendAsync(client, "tasks/cancel", id))).ErrorCode);
    }

    [Fact]
    public async Task Requests_OfAnotherEra_AreNotKnown()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var modern = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        await using var older = await silo.ConnectAsync("2025-06-18");
        var id = await modern.StartTaskAsync("ask", new { topic = "tea" });
        foreach (var (client, method) in ((McpClient, string)[])[(modern, "tasks/result"), (modern, "tasks/list"), (older, "tasks/get"), (older, "tasks/cancel"), (older, "tasks/list")])
        {
            // Since 2026-07-28 the SDK's client throws what HTTP says, with the answer in it.
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => SendAsync(client, method, id));
            Assert.True(fault is McpProtocolException { ErrorCode: McpErrorCode.MethodNotFound } || fault.Message.Contains("-32601", StringComparison.Ordinal), $"{method}: {fault}");
        }

        Assert.NotNull((await StartAsync(older, "three", new JsonObject { ["ms"] = 0 }))["structuredContent"]);
    }

    [Fact]
    public async Task Call_OfAnotherToolAsATask_IsRefused()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var call = new JsonObject { ["name"] = "list_workflows", ["arguments"] = new JsonObject(), ["task"] = new JsonObject() };

        var fault = await Assert.ThrowsAsync<McpProtocolException>(() => client.SendRequestAsync(new JsonRpcRequest { Method = "tools/call", Params = call }));

        Assert.Equal(McpErrorCode.MethodNotFound, fault.ErrorCode);
    }

    [Theory]
    [InlineData("2025-11-25", 0)]
    [InlineData("2025-06-18", -32601)]
    public async Task List_WithoutTheVersionHeader_GoesByWhatTheSessionAgreedOn(string version, int code)
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        using var http = silo.CreateClient();
        using var begun = await http.PostAsync(McpWire.Initialize.Replace("2025-11-25", version, StringComparison.Ordinal));
        using var answer = await http.PostAsync(McpWire.Request("tasks/list"), ("Mcp-Session-Id", begun.Headers.GetValues("Mcp-Session-Id").Single()));
        using var alone = await http.PostAsync(McpWire.Request("tasks/list"));

        Assert.Equal((code, -32601), (await answer.CodeAsync(), await alone.CodeAsync()));
    }

    [Fact]
    public async Task Announced_InInitializeAndTools_OnlyToThatVersion()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        using var http = silo.CreateClient();
        async Task<string> AskAsync(string version)
        {
            using var answer = await http.PostMcpAsync("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"VERSION","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""".Replace("VERSION", version, StringComparison.Ordinal));
            return await answer.Content.ReadAsStringAsync();
        }

        Assert.Contains(""""tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}"""", await AskAsync("2025-11-25"), StringComparison.Ordinal);
        Assert.DoesNotContain("\"requests\"", await AskAsync("2025-06-18"), StringComparison.Ordinal);
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var tools = (await client.SendRequestAsync(new JsonRpcRequest { Method = "tools/list" })).Result!["tools"]!.AsArray();
        Assert.Equal(["run_workflow"], tools.Where(t => t!["execution"]?["taskSupport"]?.GetValue<string>() == "optional").Select(t => t!["name"]!.GetValue<string>()));
    }

    private static async Task<JsonNode> StartAsync(McpClient client, string workflow, JsonObject parameters) => (await client.SendRequestAsync(new JsonRpcRequest
    {
        Method = "tools/call",
        Params = new JsonObject { ["name"] = "run_workflow", ["arguments"] = new JsonObject { ["workflow_id"] = workflow, ["params"] = parameters }, ["task"] = new JsonObject { ["ttl"] = 60_000 } },
    })).Result!;

    private static async Task<JsonNode> SendAsync(McpClient client, string method, string? task) => (await client.SendRequestAsync(new JsonRpcRequest
    {
        Method = method,
        Params = task is null ? [] : new JsonObject { ["taskId"] = task },
        Context = new JsonRpcMessageContext { RoutingName = task },
    })).Result!;
}
