using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Tasks of the fixtures: one file each, so that every silo of a test knows them. What a task is at a moment follows from its file and the clock; nothing runs.</summary>
internal sealed class FixtureTasks(string folder)
{
    private const string Extension = "io.modelcontextprotocol/tasks";
    private const string Prefix = "fixture-";
    private const int TimeToLive = 600_000;

    private readonly Lock _gate = new();

    /// <summary>Puts the tasks' methods before those of the product, which keeps its own tasks.</summary>
    public void Configure(McpServerOptions options)
    {
        options.Capabilities!.Extensions ??= new Dictionary<string, object>(StringComparer.Ordinal);
        options.Capabilities.Extensions.TryAdd(Extension, new JsonObject());
        options.RequestHandlers ??= [];
        Replace(options, "tasks/get", task => Describe(task, "complete"));
        Replace(options, "tasks/cancel", Cancel);
        Replace(options, "tasks/update", null);
        options.Filters.Request.CallToolWithAlternateFilters.Add(async (request, next, cancellationToken) =>
            request.MatchedPrimitive is TaskTool tool && await tool.StartAsync(request, this) is { } started
                ? ResultOrAlternate<CallToolResult>.FromAlternate(started, TaskResult.TypeInfo)
                : await next(request, cancellationToken));
    }

    public static bool IsOffered(JsonRpcRequest request) => request.Context?.ClientCapabilities?.Extensions?.ContainsKey(Extension) == true;

    public static MissingRequiredClientCapabilityException Required() =>
        new(new ClientCapabilities { Extensions = new Dictionary<string, object>(StringComparer.Ordinal) { [Extension] = new JsonObject() } });

    /// <summary>Makes a task, kept before this returns.</summary>
    /// <param name="end">What it gives in the end: <c>text</c>, <c>failed</c> text or <c>error</c>.</param>
    /// <param name="seconds">How long it works.</param>
    /// <param name="inputs">Requests to the client that it waits for, by key.</param>
    public TaskResult Create(JsonObject end, double seconds, JsonObject inputs)
    {
        var now = Now();
        var task = new JsonObject
        {
            ["id"] = Prefix + Guid.NewGuid().ToString("N"),
            ["created"] = now,
            ["due"] = now.AddSeconds(seconds),
            ["end"] = end,
            ["inputs"] = inputs,
        };
        Save(task);
        return Describe(task, "task").Deserialize<TaskResult>(JsonSerializerOptions.Web)!;
    }

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();

    private static JsonObject Cancel(JsonObject task)
    {
        if (Status(task) is "working" or "input_required")
        {
            task["cancelled"] = true;
        }

        return new JsonObject { ["resultType"] = "complete" };
    }

    private static JsonObject Update(JsonObject task, JsonObject? answers)
    {
        foreach (var (key, answer) in answers ?? [])
        {
            if (((JsonObject)task["inputs"]!).Remove(key))
            {
                task["end"]!["text"] = $"{task["end"]!["text"]} {answer?.ToJsonString()}";
            }
        }

        return new JsonObject { ["resultType"] = "complete" };
    }

    private static string Status(JsonObject task) => task switch
    {
        _ when task["cancelled"] is not null => "cancelled",
        _ when task["inputs"] is JsonObject { Count: > 0 } => "input_required",
        _ when task["due"]!.GetValue<DateTimeOffset>() > Now() => "working",
        _ => task["end"]!["error"] is null ? "completed" : "failed",
    };

    private static JsonObject Describe(JsonObject task, string resultType)
    {
        var status = Status(task);
        var described = new JsonObject
        {
            ["resultType"] = resultType,
            ["taskId"] = task["id"]!.DeepClone(),
            ["status"] = status,
            ["createdAt"] = task["created"]!.DeepClone(),
            ["lastUpdatedAt"] = Now(),
            ["ttlMs"] = TimeToLive,
            ["pollIntervalMs"] = 100,
        };
        var end = task["end"]!;
        switch (status)
        {
            case "completed":
                described["result"] = new JsonObject
                {
                    ["resultType"] = "complete",
                    ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = end["text"]!.DeepClone() }),
                    ["isError"] = end["failed"]?.GetValue<bool>() ?? false,
                };
                break;
            case "failed":
                described["error"] = new JsonObject { ["code"] = (int)McpErrorCode.InternalError, ["message"] = end["error"]!.DeepClone() };
                break;
            case "input_required":
                described["inputRequests"] = task["inputs"]!.DeepClone();
                break;
        }

        return described;
    }

    private void Replace(McpServerOptions options, string method, Func<JsonObject, JsonObject>? answer)
    {
        var product = options.RequestHandlers!.FirstOrDefault(h => h.Method == method);
        if (product is not null)
        {
            options.RequestHandlers!.Remove(product);
        }

        options.RequestHandlers!.Add(new McpServerRequestHandler
        {
            Method = method,
            RoutingNameParameter = "taskId",
            Handler = (request, cancellationToken) => Id(request) is { } id && (id.StartsWith(Prefix, StringComparison.Ordinal) || product is null)
                ? ValueTask.FromResult<JsonNode?>(Answer(request, id, answer))
                : product?.Handler!(request, cancellationToken) ?? throw new McpProtocolException("There is no such task.", McpErrorCode.InvalidParams),
        });
    }

    private JsonObject Answer(JsonRpcRequest request, string id, Func<JsonObject, JsonObject>? answer)
    {
        if (!IsOffered(request))
        {
            throw Required();
        }

        lock (_gate)
        {
            var file = PathOf(id);
            var task = File.Exists(file) ? (JsonObject)JsonNode.Parse(File.ReadAllText(file))! : throw new McpProtocolException("There is no such task.", McpErrorCode.InvalidParams);
            var result = answer is null ? Update(task, request.Params?["inputResponses"] as JsonObject) : answer(task);
            Save(task);
            return result;
        }
    }

    private static string? Id(JsonRpcRequest request) => request.Params?["taskId"]?.ToString();

    private string PathOf(string id) => Path.Combine(folder, Path.GetFileName(id) + ".json");

    private void Save(JsonObject task)
    {
        var file = PathOf(task["id"]!.ToString());
        File.WriteAllText(file + ".part", task.ToJsonString());
        File.Move(file + ".part", file, overwrite: true);
    }
}
