using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>What a call that became a task is answered with.</summary>
internal sealed class TaskResult : Result
{
    public static JsonTypeInfo<TaskResult> TypeInfo { get; } = (JsonTypeInfo<TaskResult>)new JsonSerializerOptions(ModelContextProtocol.McpJsonUtilities.DefaultOptions) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() }.GetTypeInfo(typeof(TaskResult));

    [JsonPropertyName("taskId")]
    public string TaskId { get; set; } = "";

    [JsonPropertyName("status")]
    public string Status { get; set; } = "";

    [JsonPropertyName("createdAt")]
    public string CreatedAt { get; set; } = "";

    [JsonPropertyName("lastUpdatedAt")]
    public string LastUpdatedAt { get; set; } = "";

    [JsonPropertyName("ttlMs")]
    public int TtlMs { get; set; }

    [JsonPropertyName("pollIntervalMs")]
    public int PollIntervalMs { get; set; }
}

/// <summary>A tool whose calls become tasks for clients that can follow them.</summary>
internal sealed class TaskTool(string name, string schema, bool required, Func<RequestContext<CallToolRequestParams>, (JsonObject End, double Seconds, JsonObject Inputs)> plan) : McpServerTool
{
    public override Tool ProtocolTool { get; } = new() { Name = name, Description = $"Fixture {name} of the conformance suite.", InputSchema = JsonElement.Parse(schema) };

    public override IReadOnlyList<object> Metadata => [];

    /// <summary>The task, or null when the call is to be answered at once.</summary>
    public ValueTask<TaskResult?> StartAsync(RequestContext<CallToolRequestParams> request, FixtureTasks tasks)
    {
        if (!FixtureTasks.IsOffered(request.JsonRpcRequest))
        {
            return required ? throw FixtureTasks.Required() : ValueTask.FromResult<TaskResult?>(null);
        }

        var (end, seconds, inputs) = plan(request);
        return ValueTask.FromResult<TaskResult?>(tasks.Create(end, seconds, inputs));
    }

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        var (end, seconds, _) = plan(request);
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);
        return Fixture.Text(end["text"]?.ToString() ?? "done");
    }
}

/// <summary>Tools of the tasks extension.</summary>
internal static class TaskTools
{
    public static IEnumerable<McpServerTool> All(FixtureTasks tasks) =>
    [
        new FixtureTool("greet", """{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}""", (request, _) => Task.FromResult(Fixture.Text($"Hello, {Fixture.Argument(request, "name")}!"))),
        new TaskTool("slow_compute", """{"type":"object","properties":{"seconds":{"type":"number"}}}""", required: false, request => (Text("Computed."), Seconds(request), [])),
        new TaskTool("failing_job", FixtureTool.NoArguments, required: true, _ => (new JsonObject { ["text"] = "It failed.", ["failed"] = true }, 1, [])),
        new TaskTool("protocol_error_job", FixtureTool.NoArguments, required: false, _ => (new JsonObject { ["error"] = "It broke." }, 0, [])),
        new TaskTool("confirm_delete", """{"type":"object","properties":{"filename":{"type":"string"}}}""", required: false, _ => (Text("Confirmed:"), 0, new JsonObject { ["confirm"] = Form("Really?", "confirm") })),
        new TaskTool("multi_input", FixtureTool.NoArguments, required: false, _ => (Text("Both:"), 0, new JsonObject { ["first"] = Form("First?", "name"), ["second"] = Form("Second?", "name") })),
        new TaskTool("test_tool_with_task", FixtureTool.NoArguments, required: true, Compose),
    ];

    private static (JsonObject End, double Seconds, JsonObject Inputs) Compose(RequestContext<CallToolRequestParams> request)
    {
        if (InputTools.Answer(request, "user_name") is not { } answer)
        {
            InputTools.Ask(("user_name", InputTools.Elicit("What is your name?", "name", "string")));
            return default;
        }

        return (Text($"Hello, {InputTools.Content(answer, "name")}!"), 0.1, []);
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static JsonObject Form(string message, string member) => new()
    {
        ["method"] = RequestMethods.ElicitationCreate,
        ["params"] = JsonNode.Parse($$$"""{"mode":"form","message":"{{{message}}}","requestedSchema":{"type":"object","properties":{"{{{member}}}":{"type":"string"} } } }"""),
    };

    private static double Seconds(RequestContext<CallToolRequestParams> request) => double.TryParse(Fixture.Argument(request, "seconds"), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
}
