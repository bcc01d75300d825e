using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>approve_run</c>.</summary>
internal sealed class ApproveRunTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "approve_run",
    "Approve or reject a run's step",
    "Answers the approval that a run waits for (waiting_for.kind is 'approval'). 'approve' lets it go on, 'reject' ends it as failed with code 'approval_rejected'. "
        + "Decide only what the person you work for has decided: the answer is kept in the trace.",
    """
    {
      "type": "object",
      "required": ["run_id", "step", "decision"],
      "additionalProperties": false,
      "properties": {
        "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." },
        "step": { "type": "string", "maxLength": 64, "description": "waiting_for.step." },
        "decision": { "enum": ["approve", "reject"] },
        "note": { "type": "string", "maxLength": 500, "description": "Kept in the trace and in the step's result." }
      }
    }
    """,
    ToolSchemas.Run,
    readOnly: false,
    idempotent: false,
    destructive: true,
    openWorld: true))
{
    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var id = RunIdOf(arguments);
        var approved = arguments.GetProperty("decision").GetString() == "approve";
        var note = arguments.TryGetProperty("note", out var given) ? given.GetString() : null;
        var caller = Caller.Of(request.User);
        var run = await door.OpenAsync(caller, id, Verb.Approve, cancellationToken);
        var view = await run.Grain.ApproveAsync(caller.Subject, arguments.GetProperty("step").GetString()!, approved, note, cancellationToken);
        return answers.Of(view ?? throw RunDoor.UnknownRun(id));
    }
}

/// <summary><c>signal_run</c>.</summary>
internal sealed class SignalRunTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "signal_run",
    "Send a signal to a run",
    "Gives a run the signal that one of its steps waits for (waiting_for.kind is 'signal'); the payload becomes the step's result. A signal that comes before its step is kept for it. list_workflows tells names and schemas.",
    """
    {
      "type": "object",
      "required": ["run_id", "name"],
      "additionalProperties": false,
      "properties": {
        "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." },
        "name": { "type": "string", "maxLength": 64, "description": "waiting_for.signal." },
        "payload": {
          "anyOf": [{ "type": "object" }, { "type": "array", "items": {} }, { "type": "string" }, { "type": "number" }, { "type": "boolean" }],
          "default": {},
          "description": "Must fit the signal's schema; at most 64 KiB."
        }
      }
    }
    """,
    ToolSchemas.Run,
    readOnly: false,
    idempotent: false,
    openWorld: true))
{
    private static readonly JsonElement NoPayload = JsonElement.Parse("{}");

    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var id = RunIdOf(arguments);
        var payload = arguments.TryGetProperty("payload", out var given) ? given : NoPayload;
        var caller = Caller.Of(request.User);
        var run = await door.OpenAsync(caller, id, Verb.Approve, cancellationToken);
        var view = await run.Grain.SignalAsync(caller.Subject, arguments.GetProperty("name").GetString()!, payload, cancellationToken);
        return answers.Of(view ?? throw RunDoor.UnknownRun(id));
    }
}
