using System.Text.Json;
using Actors.Grains.Schemas;
using Actors.Silo.Tests.Support;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>What tools answer: data by their schema, and words.</summary>
public sealed class AnswerTests
{
    [Fact]
    public async Task EveryTool_OfADoneRun_AnswersByItsSchemaAndInWords()
    {
        await using var silo = await SiloHost.StartAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = await client.DataAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } });
        var id = run.GetProperty("run_id").GetString();
        var tools = (await client.ListToolsAsync()).ToDictionary(t => t.Name, StringComparer.Ordinal);
        (string Tool, object Arguments)[] calls =
        [
            ("list_workflows", new { }), ("get_run", new { run_id = id }), ("wait_run", new { run_id = id }), ("list_runs", new { }), ("cancel_run", new { run_id = id }), ("get_run_trace", new { run_id = id }),
        ];
        foreach (var (tool, arguments) in calls)
        {
            var answer = await client.ToolAsync(tool, arguments);
            Assert.Empty(JsonSchema.Compile(tools[tool].ProtocolTool.OutputSchema!.Value).Validate(answer.StructuredContent!.Value));
            Assert.NotEqual('{', answer.Text()[0]);
            Assert.Contains(tool == "list_workflows" ? "three" : id!, answer.Text(), StringComparison.Ordinal);
        }

        var text = (await client.ToolAsync("get_run", new { run_id = id })).Text();
        Assert.Contains("succeeded after", text, StringComparison.Ordinal);
        Assert.Contains($"{id}-c", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schemas_OfEveryTool_NameOneTypeAtATime()
    {
        await using var silo = await SiloHost.StartAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);

        Assert.All(await client.ListToolsAsync(), t => Assert.All([t.JsonSchema, t.ProtocolTool.OutputSchema!.Value], s => Assert.False(HasTypeArray(s), $"{t.Name}: {s}")));
    }

    [Fact]
    public async Task Error_InWords_NamesCodeAndDetails()
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var answer = await client.ToolAsync("run_workflow", new { workflow_id = "ask", @params = new { level = "middle", topik = 1 } });

        Assert.True(answer.IsError);
        Assert.StartsWith("invalid_params: ", answer.Text(), StringComparison.Ordinal);
        Assert.All(answer.StructuredContent!.Value.GetProperty("error").GetProperty("details").EnumerateArray(), d => Assert.Contains(d.GetString()!, answer.Text(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Output_LargerThanAnAnswer_IsALinkToTheWhole()
    {
        await using var silo = await TestWorkflows.StartSiloAsync(("MaxResultBytes", "65536"));
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var text = new string('x', 100_000);
        var run = await client.StartAsync("large", new { text });
        await client.ToolAsync("signal_run", new { run_id = run, name = "go" });
        var done = await client.ToolAsync("wait_run", new { run_id = run });

        var schema = (await client.ListToolsAsync()).Single(t => t.Name == "wait_run").ProtocolTool.OutputSchema!.Value;
        Assert.Empty(JsonSchema.Compile(schema).Validate(done.StructuredContent!.Value));
        Assert.Equal("succeeded", done.StructuredContent.Value.GetProperty("outcome").GetString());
        Assert.False(done.StructuredContent.Value.TryGetProperty("output", out _));
        var link = Assert.IsType<ResourceLinkBlock>(done.Content[1]);
        Assert.Equal($"run://{run}/artifacts/output.json", link.Uri);
        Assert.True(JsonSerializer.Serialize(done, ModelContextProtocol.McpJsonUtilities.DefaultOptions).Length < 65536);
        var whole = await client.JsonAsync(link.Uri);
        Assert.Equal(text, whole.GetProperty("all").GetString());
        Assert.Equal(link.Size, whole.GetRawText().Length);
    }

    [Fact]
    public async Task ListWorkflows_MoreThanAnAnswerHolds_GoesOnAtItsCursor()
    {
        var padding = new string('p', 4000);
        var workflows = Enumerable.Range(0, 32).ToDictionary(i => $"w{i:00}.yaml", i => TestWorkflows.All["await.yaml"].Replace("id: await", $"id: w{i:00}", StringComparison.Ordinal).Replace("Waits for a", padding, StringComparison.Ordinal), StringComparer.Ordinal);
        await using var silo = await SiloHost.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["MaxResultBytes"] = "65536" }, workflows: workflows);
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var seen = new List<string>();
        var pages = 0;
        for (string? cursor = ""; cursor is not null; pages++)
        {
            var answer = await client.DataAsync("list_workflows", cursor.Length == 0 ? new { } : new { cursor });
            seen.AddRange(answer.GetProperty("workflows").EnumerateArray().Select(w => w.GetProperty("id").GetString()!));
            cursor = answer.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }

        Assert.True(pages > 3, $"{pages} pages");
        Assert.Equal(["hang", "repeatable", "three", .. Enumerable.Range(0, 32).Select(i => $"w{i:00}"), "waits"], seen);
    }

    private static bool HasTypeArray(JsonElement schema) => schema.ValueKind switch
    {
        JsonValueKind.Object => schema.EnumerateObject().Any(m => (m.Name == "type" && m.Value.ValueKind == JsonValueKind.Array) || HasTypeArray(m.Value)),
        JsonValueKind.Array => schema.EnumerateArray().Any(HasTypeArray),
        _ => false,
    };
}
