using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>list_workflows</c>.</summary>
internal sealed class ListWorkflowsTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "list_workflows",
    "List workflows",
    "Lists the workflows that can be run: id, what each is for, the JSON Schema of its params, and what each step does: which server and tool it calls, or which approval or signal it waits for. Call this before run_workflow. When next_cursor is present, call again with cursor = next_cursor.",
    """
    {
      "type": "object",
      "additionalProperties": false,
      "properties": { "cursor": { "type": "string", "maxLength": 64, "description": "next_cursor of the answer before." } }
    }
    """,
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
        },
        "next_cursor": { "type": "string", "description": "Present when there are more." }
      }
    }
    """,
    readOnly: true,
    idempotent: true))
{
    protected override Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var after = arguments.TryGetProperty("cursor", out var cursor) ? cursor.GetString()! : "";
        var left = door.Workflows(Caller.Of(request.User)).Where(w => string.CompareOrdinal(w.Id, after) > 0).OrderBy(w => w.Id, StringComparer.Ordinal).ToList();
        var workflows = answers.Fitting(left, w => JsonSerializer.SerializeToUtf8Bytes(w, ActorsJson.Options).Length);
        var next = workflows.Count < left.Count ? workflows[^1].Id : null;
        var text = workflows.Count == 0 ? "There is no workflow that you may run." : string.Join("\n\n", workflows.Select(WorkflowText.Of));
        return Task.FromResult(new ToolAnswer(new { workflows, next_cursor = next }, next is null ? text : $"{text}\n\nMore follows: call again with cursor = {next}."));
    }
}

/// <summary><c>get_run</c>.</summary>
internal sealed class GetRunTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "get_run",
    "Get a run",
    "Tells a run's status, outcome, output and steps as they are now. Use wait_run to wait for a change instead of asking again and again.",
    ToolSchemas.RunIdInput,
    ToolSchemas.Run,
    readOnly: true,
    idempotent: true))
{
    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken) =>
        answers.Of((await door.OpenAsync(Caller.Of(request.User), RunIdOf(arguments), Verb.ReadOwn, cancellationToken)).View);
}

/// <summary><c>cancel_run</c>.</summary>
internal sealed class CancelRunTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
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
    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var id = RunIdOf(arguments);
        var reason = arguments.TryGetProperty("reason", out var given) ? given.GetString() : null;
        var caller = Caller.Of(request.User);
        var run = await door.OpenAsync(caller, id, Verb.Cancel, cancellationToken);
        return answers.Of(await run.Grain.CancelAsync(caller.Subject, reason, cancellationToken) ?? throw RunDoor.UnknownRun(id));
    }
}
