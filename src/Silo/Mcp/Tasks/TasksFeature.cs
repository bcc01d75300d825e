using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Tasks;

/// <summary><c>run_workflow</c> as a task for the clients that opt in, and the requests about tasks, in the form of each era.</summary>
internal sealed class TasksFeature(RunDoor door, RunTasks tasks, SessionTasks sessionTasks, RunWorkflowTool runWorkflow) : IMcpFeature
{
    private const string TaskId = "taskId";
    private const int MostResponses = 32;
    private static readonly JsonTypeInfo<CreatedTask> CreatedTaskType = (JsonTypeInfo<CreatedTask>)new JsonSerializerOptions(McpJsonUtilities.DefaultOptions)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(McpJsonUtilities.DefaultOptions.TypeInfoResolver, new DefaultJsonTypeInfoResolver()),
    }.GetTypeInfo(typeof(CreatedTask));

    public void Configure(McpServerOptions options)
    {
        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Extensions ??= new Dictionary<string, object>(StringComparer.Ordinal);
        options.Capabilities.Extensions[TasksCapability.Extension] = new JsonObject();
        options.Filters.Request.CallToolWithAlternateFilters.Add(CallAsync);
        options.RequestHandlers ??= [];
        options.RequestHandlers.Add(new McpServerRequestHandler { Method = "tasks/get", RoutingNameParameter = TaskId, Handler = GetAsync });
        options.RequestHandlers.Add(new McpServerRequestHandler { Method = "tasks/update", RoutingNameParameter = TaskId, Handler = UpdateAsync });
        options.RequestHandlers.Add(new McpServerRequestHandler { Method = "tasks/cancel", RoutingNameParameter = TaskId, Handler = CancelAsync });
        options.RequestHandlers.Add(new McpServerRequestHandler { Method = "tasks/result", Handler = ResultAsync });
        options.RequestHandlers.Add(new McpServerRequestHandler { Method = "tasks/list", Handler = ListAsync });
        SessionTasks.Announce(options, runWorkflow.ProtocolTool.Name);
    }

    private async ValueTask<ResultOrAlternate<CallToolResult>> CallAsync(
        RequestContext<CallToolRequestParams> request,
        McpRequestHandler<CallToolRequestParams, ResultOrAlternate<CallToolResult>> next,
        CancellationToken cancellationToken)
    {
        var modern = TasksCapability.IsDeclared(request.JsonRpcRequest);
        var asked = SessionTasks.IsAsked(request.JsonRpcRequest);
        if (request.Params?.Name != runWorkflow.ProtocolTool.Name)
        {
            return asked ? throw new McpProtocolException($"Only {runWorkflow.ProtocolTool.Name} can become a task. Leave 'task' out.", McpErrorCode.MethodNotFound) : await next(request, cancellationToken);
        }

        if (!modern && !asked)
        {
            return await next(request, cancellationToken);
        }

        var (run, refusal) = await runWorkflow.StartAsync(request, cancellationToken);
        if (run is null)
        {
            return refusal!;
        }

        var created = modern
            ? await tasks.SummarizeAsync(run, request.JsonRpcRequest, cancellationToken)
            : new JsonObject { ["task"] = await sessionTasks.DescribeAsync(run, request.JsonRpcRequest, cancellationToken) };
        return ResultOrAlternate<CallToolResult>.FromAlternate(
            new CreatedTask { ResultType = modern ? "task" : null, Task = created.Deserialize<Dictionary<string, JsonElement>>() }, CreatedTaskType);
    }

    private async ValueTask<JsonNode?> GetAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var run = await OpenAsync(request, Verb.ReadOwn, cancellationToken);
        return request.IsModern() ? Complete(await tasks.DescribeAsync(run, request, cancellationToken)) : await sessionTasks.DescribeAsync(run, request, cancellationToken);
    }

    private async ValueTask<JsonNode?> ResultAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        DemandSession(request);
        var run = await OpenAsync(request, Verb.ReadOwn, cancellationToken);
        try
        {
            return await sessionTasks.ResultAsync(run, request, cancellationToken);
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private async ValueTask<JsonNode?> ListAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        DemandSession(request);
        try
        {
            return await sessionTasks.ListAsync(request, cancellationToken);
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private async ValueTask<JsonNode?> UpdateAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        TasksCapability.Demand(request);
        var run = await OpenAsync(request, Verb.Approve, cancellationToken);
        if (request.Params?["inputResponses"] is not JsonObject { Count: <= MostResponses } responses)
        {
            throw new McpProtocolException($"inputResponses must be an object of at most {MostResponses} members.", McpErrorCode.InvalidParams);
        }

        // What is answered already, or was never asked, is passed over.
        if (TaskInput.Key(run.View) is { } key && responses[key] is { } response)
        {
            try
            {
                var workflow = tasks.WorkflowOf(run.View, request);
                await TaskInput.AnswerAsync(run.Grain, run.View.WaitingFor!, workflow, Caller.Of(request.Context?.User).Subject, JsonSerializer.SerializeToElement(response), cancellationToken);
            }
            catch (RunRejectedException e) when (e.Error.Code == "not_waiting")
            {
                // Somebody else was faster.
            }
            catch (RunRejectedException e)
            {
                throw e.ToProtocolError();
            }
        }

        return Complete([]);
    }

    private async ValueTask<JsonNode?> CancelAsync(JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var run = await OpenAsync(request, Verb.Cancel, cancellationToken);
        if (!request.IsModern() && run.View.Status == RunStatus.Done)
        {
            throw new McpProtocolException($"Task {run.View.RunId} has ended.", McpErrorCode.InvalidParams);
        }

        try
        {
            var view = await run.Grain.CancelAsync(Caller.Of(request.Context?.User).Subject, "tasks/cancel", cancellationToken);
            return request.IsModern() ? Complete([]) : await sessionTasks.DescribeAsync(run with { View = view ?? run.View }, request, cancellationToken);
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private async Task<OpenRun> OpenAsync(JsonRpcRequest request, Verb verb, CancellationToken cancellationToken)
    {
        if (!SessionTasks.Knows(request))
        {
            TasksCapability.Demand(request);
        }

        if (request.Params?[TaskId] is not JsonValue value || !value.TryGetValue<string>(out var id))
        {
            throw new McpProtocolException("taskId must be the id of a task.", McpErrorCode.InvalidParams);
        }

        try
        {
            return await door.OpenAsync(Caller.Of(request.Context?.User), id, verb, cancellationToken);
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private static void DemandSession(JsonRpcRequest request)
    {
        if (!SessionTasks.Knows(request))
        {
            throw new McpProtocolException($"Protocol version {request.Context?.ProtocolVersion} has no {request.Method}.", McpErrorCode.MethodNotFound);
        }
    }

    private static JsonObject Complete(JsonObject result)
    {
        result["resultType"] = "complete";
        return result;
    }

    /// <summary>The answer in place of a tool's result.</summary>
    private sealed class CreatedTask : Result
    {
        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Task { get; set; }
    }
}
