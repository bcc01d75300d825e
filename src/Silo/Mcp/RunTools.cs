using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>list_workflows</c>.</summary>
internal sealed class ListWorkflowsTool(RunDoor door) : RunTool(Describe(
    "list_workflows",
    "List workflows",
    "Lists the workflows that can be run: id, what each is for, the JSON Schema of its params, and what each step does: which server and tool it calls, or which approval or signal it waits for. Call this before run_workflow.",
    """{ "type": "object", "additionalProperties": false }""",
    """
    {
      "type": "object",
      "required": ["workflows"],
      "properties": {
        "workflows": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["id", "version", "description", "params", "steps"],
            "properties": {
              "id": { "type": "string" },
              "version": { "type": "string" },
              "description": { "type": "string" },
              "params": { "type": "object", "description": "JSON Schema of run_workflow's params." },
              "steps": { "type": "array", "items": { "type": "object" } }
            }
          }
        }
      }
    }
    """,
    readOnly: true,
    idempotent: true))
{
    protected override Task<object> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken) =>
        Task.FromResult<object>(new { workflows = door.Workflows(Caller.Of(request.User)) });
}

/// <summary><c>get_run</c>.</summary>
internal sealed class GetRunTool(RunDoor door) : RunTool(Describe(
    "get_run",
    "Get a run",
    "Tells a run's status, outcome, output and steps as they are now. Use wait_run to wait for a change instead of asking again and again.",
    ToolSchemas.RunIdInput,
    ToolSchemas.Run,
    readOnly: true,
    idempotent: true))
{
    protected override async Task<object> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken) =>
        (await door.OpenAsync(Caller.Of(request.User), RunIdOf(arguments), Verb.ReadOwn, cancellationToken)).View;
}

/// <summary><c>cancel_run</c>.</summary>
internal sealed class CancelRunTool(RunDoor door) : RunTool(Describe(
    "cancel_run",
    "Cancel a run",
    "Asks a run to stop: its sandboxes are removed and its outcome becomes 'cancelled'. A call in flight may have had its effect. A run that is done stays as it is.",
    """
    {
      "type": "object",
      "required": ["run_id"],
      "additionalProperties": false,
      "properties": {
        "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." },
        "reason": { "type": "string", "maxLength": 500, "description": "Kept in the trace." }
      }
    }
    """,
    ToolSchemas.Run,
    readOnly: false,
    idempotent: true,
    destructive: true))
{
    protected override async Task<object> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var id = RunIdOf(arguments);
        var reason = arguments.TryGetProperty("reason", out var given) ? given.GetString() : null;
        var caller = Caller.Of(request.User);
        var run = await door.OpenAsync(caller, id, Verb.Cancel, cancellationToken);
        return await run.Grain.CancelAsync(caller.Subject, reason, cancellationToken) ?? throw RunDoor.UnknownRun(id);
    }
}
