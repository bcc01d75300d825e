using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Configuration;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Tasks;

/// <summary>Runs as tasks. A task is no more than its run: the id is the run's, and everything said of it is read from the run's row, at whatever silo is asked.</summary>
internal sealed class RunTasks(RunDoor door, RunAnswers answers, SiloOptions options)
{
    /// <summary>Milliseconds between two questions that a client is asked to keep.</summary>
    public const int PollInterval = 1000;

    /// <summary>The task without what only <c>tasks/get</c> tells.</summary>
    public async Task<JsonObject> SummarizeAsync(OpenRun run, JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var view = run.View;
        return new JsonObject
        {
            ["taskId"] = view.RunId,
            ["status"] = Status(view, request),
            ["statusMessage"] = view.Error is { } error ? RunText.Of(error) : RunText.Doing(view),
            ["createdAt"] = TraceChain.Timestamp(view.CreatedAt),
            ["lastUpdatedAt"] = TraceChain.Timestamp(await UpdatedAsync(run, cancellationToken)),
            ["ttlMs"] = Lifetime(view),
            ["pollIntervalMs"] = PollInterval,
        };
    }

    /// <summary>The whole task: with its result once it is there, or with what it waits for.</summary>
    public async Task<JsonObject> DescribeAsync(OpenRun run, JsonRpcRequest request, CancellationToken cancellationToken)
    {
        var task = await SummarizeAsync(run, request, cancellationToken);
        switch (task["status"]!.GetValue<string>())
        {
            case "completed":
                task["result"] = JsonSerializer.SerializeToNode(answers.Of(run.View).ToResult(), McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolResult)));
                break;
            case "input_required":
                task["inputRequests"] = new JsonObject { [TaskInput.Key(run.View)!] = TaskInput.Request(run.View, WorkflowOf(run.View, request)) };
                break;
        }

        return task;
    }

    /// <summary>The definition that the run follows, if it is still the one that is loaded and the caller may see it.</summary>
    public WorkflowView? WorkflowOf(RunView run, JsonRpcRequest request) =>
        door.Workflows(Caller.Of(request.Context?.User)).FirstOrDefault(w => w.Id == run.WorkflowId && w.Version == run.WorkflowVersion);

    // A run that failed is an answer, not a fault of the protocol.
    private static string Status(RunView run, JsonRpcRequest request) => run switch
    {
        { Status: RunStatus.Done, Outcome: RunOutcome.Cancelled } => "cancelled",
        { Status: RunStatus.Done } => "completed",

        // Nobody is asked by a form who has not said that he can show one.
        _ when TaskInput.Key(run) is not null && request.Context?.ClientCapabilities?.Elicitation is not null => "input_required",
        _ => "working",
    };

    // Each change of a run is an entry of its trace.
    private static async Task<DateTimeOffset> UpdatedAsync(OpenRun run, CancellationToken cancellationToken)
    {
        if (run.View.EndedAt is { } ended)
        {
            return ended;
        }

        var last = await run.Grain.GetTraceAsync(Math.Max(0, run.View.TraceLength - 1), 1, cancellationToken);
        return last is { Entries: [{ At: var at }] } ? at : run.View.CreatedAt;
    }

    private JsonNode? Lifetime(RunView run) =>
        options.RetentionDays == 0 ? null : (long)((run.EndedAt ?? run.Deadline) + TimeSpan.FromDays(options.RetentionDays) - run.CreatedAt).TotalMilliseconds;
}
