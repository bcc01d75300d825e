using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary><c>get_run_trace</c>.</summary>
internal sealed class GetRunTraceTool(RunDoor door, RunAnswers answers) : RunTool(Describe(
    "get_run_trace",
    "Get a run's trace",
    "Tells what happened in a run, in order: who asked and with which params, each image's policy decision with its evidence, what was launched by which digest under which runtime, each call's input and output, the outcome. "
        + "Secrets are replaced. Each entry holds the SHA-256 of the one before. When next_after is present, call again with after = next_after.",
    """
    {
      "type": "object",
      "required": ["run_id"],
      "additionalProperties": false,
      "properties": {
        "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." },
        "after": { "type": "integer", "minimum": 0, "default": 0, "description": "Only entries with a greater number." },
        "limit": { "type": "integer", "minimum": 1, "maximum": 500, "default": 100 }
      }
    }
    """,
    """
    {
      "type": "object",
      "required": ["run_id", "entries", "total", "sealed"],
      "properties": {
        "run_id": { "type": "string" },
        "entries": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["seq", "at", "kind", "data", "prev", "hash"],
            "properties": {
              "seq": { "type": "integer" },
              "at": { "type": "string", "format": "date-time" },
              "kind": { "type": "string" },
              "data": { "type": "object" },
              "prev": { "type": "string" },
              "hash": { "type": "string" }
            }
          }
        },
        "total": { "type": "integer", "description": "Entries of the whole trace." },
        "sealed": { "type": "boolean", "description": "True when the run is done: the trace does not grow any more." },
        "next_after": { "type": "integer", "description": "Present when there are more entries." }
      }
    }
    """,
    readOnly: true,
    idempotent: true))
{
    private const int DefaultLimit = 100;

    protected override async Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var id = RunIdOf(arguments);
        var after = arguments.TryGetProperty("after", out var given) ? (long)given.GetDouble() : 0;
        var limit = arguments.TryGetProperty("limit", out var most) ? (int)most.GetDouble() : DefaultLimit;
        var run = await door.OpenAsync(Caller.Of(request.User), id, Verb.ReadOwn, cancellationToken);
        var page = await run.Grain.GetTraceAsync(after, limit, cancellationToken) ?? throw RunDoor.UnknownRun(id);
        var part = TraceView.Of(page, answers);
        return new ToolAnswer(part, part.ToText());
    }
}
