using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using Actors.Silo.Mcp.Subscriptions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Tasks;

/// <summary>Tasks as 2025-11-25 has them, which differ in form only: the client asks for a task in the call, waits for it with <c>tasks/result</c> and may list its tasks. Their methods are the core's, not an extension's.</summary>
internal sealed class SessionTasks(RunDoor door, RunWatcher watcher, RunTasks tasks, RunAnswers answers, WatchLimits limits, IHostApplicationLifetime lifetime)
{
    private const string Version = "2025-11-25";
    private const string RelatedTask = "io.modelcontextprotocol/related-task";
    private const int MostTasks = 20;

    /// <summary>Whether a request may be one about tasks of this form.</summary>
    public static bool Knows(JsonRpcRequest request) => request.Context?.ProtocolVersion == Version;

    /// <summary>Whether a call asks to become a task.</summary>
    public static bool IsAsked(JsonRpcRequest request) => Knows(request) && request.Params?["task"] is JsonObject;

    /// <summary>Says in <c>initialize</c> and <c>tools/list</c> what can be a task; the SDK has no members for it.</summary>
    public static void Announce(McpServerOptions options, string tool) => options.Filters.Message.OutgoingFilters.Add(next => (message, cancellationToken) =>
    {
        if (message.JsonRpcMessage is JsonRpcResponse { Result: JsonObject result })
        {
            if (result["protocolVersion"]?.GetValueKind() == JsonValueKind.String && result["protocolVersion"]!.GetValue<string>() == Version && result["capabilities"] is JsonObject capabilities)
            {
                capabilities["tasks"] = new JsonObject { ["list"] = new JsonObject(), ["cancel"] = new JsonObject(), ["requests"] = new JsonObject { ["tools"] = new JsonObject { ["call"] = new JsonObject() } } };
            }
            else if (message.Server.NegotiatedProtocolVersion == Version && result["tools"] is JsonArray tools && tools.OfType<JsonObject>().FirstOrDefault(t => IsNamed(t, tool)) is { } offered)
            {
                offered["execution"] = new JsonObject { ["taskSupport"] = "optional" };
            }
        }

        return next(message, cancellationToken);
    });

    /// <summary>A run as a task of this form.</summary>
    public async Task<JsonObject> DescribeAsync(OpenRun run, JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var task = await tasks.SummarizeAsync(run, request, cancellationToken);
        Rename(task, "ttlMs", "ttl");
        Rename(task, "pollIntervalMs", "pollInterval");
        return task;
    }

    /// <summary><c>tasks/result</c>: waits for the run's end, at most as long as one request may.</summary>
    public async Task<JsonNode?> ResultAsync(OpenRun run, JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(request.Context?.User);
        using var place = limits.Enter(caller.Subject, 1);
        using var age = limits.BeginTime();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping, age.Token);
        try
        {
            await watcher.WatchAsync(caller, run, (_, _) => Task.CompletedTask, patience.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new McpProtocolException(lifetime.ApplicationStopping.IsCancellationRequested ? "This silo stops. Ask again: another one knows the task." : "The task has not ended yet. Ask again.", e, McpErrorCode.InternalError);
        }

        var done = await door.OpenAsync(caller, run.View.RunId, Verb.ReadOwn, cancellationToken);
        var result = JsonSerializer.SerializeToNode(answers.Of(done.View).ToResult(), McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolResult)))!;
        result["_meta"] = new JsonObject { [RelatedTask] = new JsonObject { ["taskId"] = run.View.RunId } };
        return result;
    }

    /// <summary><c>tasks/list</c>: the runs that the caller may see, the newest first.</summary>
    public async Task<JsonNode?> ListAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(request.Context?.User);
        var cursor = request.Params?["cursor"] is JsonValue value && value.TryGetValue<string>(out var given) ? given : null;
        var page = await door.ListAsync(caller, new RunListRequest { Cursor = cursor, Limit = MostTasks }, cancellationToken);
        var listed = new JsonArray();
        foreach (var run in page.Runs)
        {
            if (await watcher.OpenAsync(caller, run.RunId, cancellationToken) is { } open)
            {
                listed.Add((JsonNode)await DescribeAsync(open, request, cancellationToken));
            }
        }

        var result = new JsonObject { ["tasks"] = listed };
        if (page.NextCursor is { } next)
        {
            result["nextCursor"] = next;
        }

        return result;
    }

    private static bool IsNamed(JsonObject tool, string name) => tool["name"] is JsonValue value && value.TryGetValue<string>(out var text) && text == name;

    private static void Rename(JsonObject task, string from, string to)
    {
        var value = task[from];
        task.Remove(from);
        task[to] = value;
    }
}
