using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>list_runs</c>.</summary>
internal sealed class ListRunsTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "list_runs",
    "List runs",
    "Lists runs, the newest first, all or those of one status or workflow. When next_cursor is present, call again with cursor = next_cursor. get_run tells more of one.",
    """
    {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "status": { "enum": ["queued", "verifying", "running", "done"] },
        "workflow_id": { "type": "string", "maxLength": 64 },
        "cursor": { "type": "string", "maxLength": 128, "description": "next_cursor of the answer before." },
        "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }
      }
    }
    """,
    """
    {
      "type": "object",
      "required": ["runs"],
      "properties": {
        "runs": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["run_id", "workflow_id", "workflow_version", "submitter", "status", "created_at", "deadline"],
            "properties": {
              "run_id": { "type": "string" },
              "workflow_id": { "type": "string" },
              "workflow_version": { "type": "string" },
              "submitter": { "type": "string" },
              "status": { "enum": ["queued", "verifying", "running", "done"] },
              "outcome": { "enum": ["succeeded", "failed", "rejected", "cancelled", "timed_out"] },
              "error": { "type": "object" },
              "waiting_for":
    """ + ToolSchemas.WaitingFor + """
              ,
              "created_at": { "type": "string", "format": "date-time" },
              "deadline": { "type": "string", "format": "date-time" },
              "ended_at": { "type": "string", "format": "date-time" }
            }
          }
        },
        "next_cursor": { "type": "string", "description": "Present when there may be more." }
      }
    }
    """,
    readOnly: true,
    idempotent: true))
{
    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var page = await door.ListAsync(
            Caller.Of(request.User),
            new RunListRequest
            {
                Status = arguments.TryGetProperty("status", out var status) ? status.Deserialize<RunStatus>(ActorsJson.Options) : null,
                WorkflowId = arguments.TryGetProperty("workflow_id", out var workflow) ? workflow.GetString() : null,
                Cursor = arguments.TryGetProperty("cursor", out var cursor) ? cursor.GetString() : null,
                Limit = arguments.TryGetProperty("limit", out var limit) ? (int)limit.GetDouble() : new RunListRequest().Limit,
            },
            cancellationToken);
        var fitting = answers.Fitting(page.Runs, r => JsonSerializer.SerializeToUtf8Bytes(r, ActorsJson.Options).Length);
        var part = fitting.Count < page.Runs.Count ? new RunListPage(fitting, fitting[^1].RunId) : page;
        return new ToolAnswer(part, RunText.Of(part));
    }
}
