using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Configuration;
using Actors.Silo.Mcp.Hosting;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>run_workflow</c>.</summary>
internal sealed class RunWorkflowTool(RunDoor door, SiloOptions options, RunWaiter waiter, RunAnswers answers, TimeProvider time) : RunTool(Describe(
    "run_workflow",
    "Run a workflow",
    "Runs a workflow and waits for its end, sending progress. If it takes longer, the answer has status 'queued', 'verifying' or 'running' and the run goes on: call wait_run with the run_id. "
        + "Cancelling the call cancels the run that it started. Give an idempotency_key when you may have to repeat the call: a repeat returns the same run instead of starting another.",
    """
    {
      "type": "object",
      "required": ["workflow_id"],
      "additionalProperties": false,
      "properties": {
        "workflow_id": { "type": "string", "maxLength": 64, "description": "An id from list_workflows." },
        "params": { "type": "object", "description": "Must fit the workflow's params schema; at most 256 KiB." },
        "idempotency_key": { "type": "string", "minLength": 1, "maxLength": 128, "description": "Printable ASCII without spaces." }
      }
    }
    """,
    ToolSchemas.Run,
    readOnly: false,
    idempotent: false,
    openWorld: true))
{
    // For what is done after the client has gone.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly JsonElement NoParams = JsonElement.Parse("{}");

    /// <summary>Starts a run without waiting for it: it is durable then. Or tells, as a tool's result, why there is none.</summary>
    public async Task<(OpenRun? Run, CallToolResult? Refusal)> StartAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        try
        {
            return (await SubmitAsync(Caller.Of(request.User), Arguments(request), cancellationToken), null);
        }
        catch (RunRejectedException e)
        {
            return (null, ToolAnswer.Failure(e.Error));
        }
    }

    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(request.User);
        var run = await SubmitAsync(caller, arguments, cancellationToken);
        try
        {
            return answers.Of(await waiter.WaitAsync(run, TimeSpan.FromSeconds(options.RunWorkflowWaitSeconds), request, cancellationToken));
        }
        catch (OperationCanceledException) when (run.View.IsNew && McpCall.Of(request)!.IsCancelledByClient)
        {
            await CancelAsync(caller, run.View.RunId);
            throw;
        }
    }

    // Not given up at once: only a run that is known can be cancelled.
    private async Task<OpenRun> SubmitAsync(Caller caller, JsonElement arguments, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource();
        await using var end = time.CreateTimer(_ => patience.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var cancelled = cancellationToken.Register(() => end.Change(Patience, Timeout.InfiniteTimeSpan));
        return await door.SubmitAsync(
            caller,
            arguments.GetProperty("workflow_id").GetString()!,
            arguments.TryGetProperty("params", out var given) ? given : NoParams,
            arguments.TryGetProperty("idempotency_key", out var key) ? key.GetString() : null,
            patience.Token);
    }

    private async Task CancelAsync(Caller caller, string runId)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            var run = await door.OpenAsync(caller, runId, Verb.Cancel, patience.Token);
            await run.Grain.CancelAsync(caller.Subject, "the client cancelled the call of run_workflow", patience.Token);
        }
        catch (Exception e) when (e is RunRejectedException or OperationCanceledException)
        {
            // Whoever may not cancel a run can only leave it, and so must we while the database is away.
        }
    }
}

/// <summary><c>wait_run</c>.</summary>
internal sealed class WaitRunTool(RunDoor door, RunWaiter waiter, RunAnswers answers) : RunTool(Describe(
    "wait_run",
    "Wait for a run",
    "Waits until a run is done or the time is over, sending progress, and tells the run as it is then. Call it again while the status is not 'done'. "
        + "When waiting_for is present, somebody has to act first: approve_run or signal_run.",
    """
    {
      "type": "object",
      "required": ["run_id"],
      "additionalProperties": false,
      "properties": {
        "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." },
        "timeout_seconds": { "type": "integer", "minimum": 0, "maximum": 55, "default": 30 }
      }
    }
    """,
    ToolSchemas.Run,
    readOnly: true,
    idempotent: true))
{
    private const int DefaultSeconds = 30;

    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var run = await door.OpenAsync(Caller.Of(request.User), RunIdOf(arguments), Verb.ReadOwn, cancellationToken);
        var seconds = arguments.TryGetProperty("timeout_seconds", out var given) ? given.GetDouble() : DefaultSeconds;
        return answers.Of(await waiter.WaitAsync(run, TimeSpan.FromSeconds(seconds), request, cancellationToken));
    }
}
