using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Silo.Tests.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Runs as tasks of the extension of 2026-07-28.</summary>
public sealed class TaskTests
{
    [Fact]
    public async Task Call_OptedIn_IsATaskThatIsItsRun()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var created = await client.RunAsync("three", new { ms = 0 });
        var id = created["taskId"]!.GetValue<string>();

        Assert.Equal("task", created["resultType"]!.GetValue<string>());
        Assert.Equal("working", created["status"]!.GetValue<string>());
        Assert.True(created.AsObject().ContainsKey("ttlMs"));
        Assert.Equal(id, (await client.DataAsync("get_run", new { run_id = id })).GetProperty("run_id").GetString());
        var done = await client.UntilAsync(id, "completed");
        var result = done["result"]!;
        var run = await client.DataAsync("get_run", new { run_id = id });
        Assert.Equal("complete", done["resultType"]!.GetValue<string>());
        Assert.Equal(run.GetRawText(), result["structuredContent"]!.ToJsonString(new JsonSerializerOptions(JsonSerializerOptions.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal(run.GetProperty("ended_at").GetString(), done["lastUpdatedAt"]!.GetValue<string>());
    }

    [Fact]
    public async Task Call_NotOptedIn_IsAnOrdinaryResult()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var modern = await silo.ConnectAsync(McpClients.Modern);
        await using var session = await silo.ConnectAsync(McpClients.Sessions, TaskCalls.Capabilities);

        Assert.NotNull((await modern.RunAsync("three", new { ms = 0 }))["structuredContent"]);
        Assert.NotNull((await session.RunAsync("three", new { ms = 0 }))["structuredContent"]);
    }

    [Fact]
    public async Task Call_NotAcceptable_IsAToolErrorAndNoTask()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var answer = await client.RunAsync("ask", new { });

        Assert.True(answer["isError"]!.GetValue<bool>());
        Assert.Equal("invalid_params", answer["structuredContent"]!["error"]!["code"]!.GetValue<string>());
        Assert.Null(answer["taskId"]);
        Assert.Empty((await client.DataAsync("list_runs", new { })).GetProperty("runs").EnumerateArray());
    }

    [Fact]
    public async Task Call_RepeatedUnderOneKey_IsTheSameTaskWithoutItsResult()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var first = (await client.RunAsync("three", new { ms = 0 }, "k"))["taskId"]!.GetValue<string>();
        await client.UntilAsync(first, "completed");
        var again = await client.RunAsync("three", new { ms = 0 }, "k");

        Assert.Equal((first, "completed"), (again["taskId"]!.GetValue<string>(), again["status"]!.GetValue<string>()));
        Assert.Null(again["result"]);
    }

    [Theory]
    [InlineData("approve", "succeeded")]
    [InlineData("reject", "failed")]
    public async Task Update_Approval_DecidesIt(string decision, string outcome)
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var task = await client.StartTaskAsync("ask", new { topic = "tea" });
        var asked = (await client.UntilAsync(task, "input_required"))["inputRequests"]!["approval:sure"]!;

        Assert.Equal("elicitation/create", asked["method"]!.GetValue<string>());
        Assert.Contains("Go on with tea?", asked["params"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        await client.TaskAsync("tasks/update", task, Answer("approval:sure", "decline", null));
        await client.TaskAsync("tasks/update", task, Answer("approval:other", "accept", new { decision }));
        Assert.Equal("input_required", (await client.TaskAsync("tasks/get", task))["status"]!.GetValue<string>());
        await Assert.ThrowsAsync<McpProtocolException>(() => client.TaskAsync("tasks/update", task, Answer("approval:sure", "accept", new { decision = "perhaps" })));
        var odd = await Assert.ThrowsAsync<McpProtocolException>(() => client.TaskAsync("tasks/update", task, new JsonObject { ["approval:sure"] = new JsonObject { ["action"] = 1 } }));
        Assert.Equal(McpErrorCode.InvalidParams, odd.ErrorCode);

        var acknowledged = await client.TaskAsync("tasks/update", task, Answer("approval:sure", "accept", new { decision, note = "so" }));
        Assert.Equal("complete", acknowledged["resultType"]!.GetValue<string>());
        var done = await client.UntilAsync(task, "completed");
        Assert.Equal(outcome, done["result"]!["structuredContent"]!["outcome"]!.GetValue<string>());
        await client.TaskAsync("tasks/update", task, Answer("approval:sure", "accept", new { decision }));
    }

    [Fact]
    public async Task Update_Signals_GivesFlatPayloadsAsFormsAndOthersAsText()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var task = await client.StartTaskAsync("await", new { });
        var flat = (await client.UntilAsync(task, "input_required"))["inputRequests"]!["signal:flat"]!["params"]!["requestedSchema"]!;

        Assert.Equal("""{"type":"object","properties":{"name":{"type":"string"},"many":{"type":"integer"}},"required":["name"]}""", flat.ToJsonString());
        await Assert.ThrowsAsync<McpProtocolException>(() => client.TaskAsync("tasks/update", task, Answer("signal:flat", "accept", new { many = 1 })));
        await client.TaskAsync("tasks/update", task, Answer("signal:flat", "accept", new { name = "n", many = 2 }));
        while ((await client.TaskAsync("tasks/get", task))["inputRequests"]?["signal:deep"] is null)
        {
            await Task.Yield();
        }

        await Assert.ThrowsAsync<McpProtocolException>(() => client.TaskAsync("tasks/update", task, Answer("signal:deep", "accept", new { payload = "[" })));
        await client.TaskAsync("tasks/update", task, Answer("signal:deep", "accept", new { payload = "[1,2]" }));
        var done = await client.UntilAsync(task, "completed");
        Assert.Equal("""{"flat":{"name":"n","many":2},"deep":[1,2]}""", done["result"]!["structuredContent"]!["output"]!.ToJsonString());
    }

    [Fact]
    public async Task Get_ClientWithoutForms_IsNotAsked()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        var capabilities = TaskCalls.Capabilities;
        capabilities.Elicitation = null;
        await using var client = await silo.ConnectAsync(McpClients.Modern, capabilities);
        var task = await client.StartTaskAsync("ask", new { topic = "tea" });
        await client.WaitingAsync(task);
        var now = await client.TaskAsync("tasks/get", task);

        Assert.Equal("working", now["status"]!.GetValue<string>());
        Assert.Equal("step sure waits for an approval", now["statusMessage"]!.GetValue<string>());
    }

    [Fact]
    public async Task Cancel_Task_CancelsItsRun()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var task = await client.StartTaskAsync("ask", new { topic = "tea" });
        await client.TaskAsync("tasks/cancel", task);
        await client.UntilAsync(task, "cancelled");

        Assert.Equal("cancelled", (await client.DataAsync("get_run", new { run_id = task })).GetProperty("outcome").GetString());
        await client.TaskAsync("tasks/cancel", task);
    }

    [Fact]
    public async Task Requests_ThatMayNotBe_GetTheExtensionsErrors()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        await using var plain = await silo.ConnectAsync(McpClients.Modern);
        await using var session = await silo.ConnectAsync("2025-06-18", TaskCalls.Capabilities);
        var task = await client.StartTaskAsync("ask", new { topic = "tea" });
        foreach (var method in (string[])["tasks/get", "tasks/update", "tasks/cancel"])
        {
            Assert.Equal(McpErrorCode.InvalidParams, (await FaultAsync(client, method, "run-00000000000000000000000000")).ErrorCode);
            Assert.Equal(McpErrorCode.MissingRequiredClientCapability, (await FaultAsync(plain, method, task)).ErrorCode);
            Assert.Equal(McpErrorCode.MethodNotFound, (await FaultAsync(session, method, task)).ErrorCode);
        }
    }

    private static Task<McpProtocolException> FaultAsync(McpClient client, string method, string task) =>
        Assert.ThrowsAnyAsync<McpProtocolException>(() => client.TaskAsync(method, task, []));

    private static JsonObject Answer(string key, string action, object? content) => new()
    {
        [key] = new JsonObject { ["action"] = action, ["content"] = content is null ? null : JsonSerializer.SerializeToNode(content) },
    };
}
