namespace Actors.Silo.Mcp;

/// <summary>JSON Schemas that several tools share.</summary>
internal static class ToolSchemas
{
    /// <summary>What a run waits for.</summary>
    public const string WaitingFor =
        """
        {
          "type": "object",
          "description": "Present while the run waits: for approve_run, for signal_run, or for the next attempt of a step.",
          "required": ["kind", "step", "until"],
          "properties": {
            "kind": { "enum": ["approval", "signal", "retry"] },
            "step": { "type": "string" },
            "message": { "type": "string", "description": "What the approver is asked. It may hold words of untrusted servers." },
            "signal": { "type": "string", "description": "Name for signal_run." },
            "until": { "type": "string", "format": "date-time", "description": "When the wait times out, or the next attempt begins." }
          }
        }
        """;

    /// <summary>Input of the tools that take a run id alone.</summary>
    public const string RunIdInput =
        """
        {
          "type": "object",
          "required": ["run_id"],
          "additionalProperties": false,
          "properties": { "run_id": { "type": "string", "maxLength": 128, "description": "The run_id that run_workflow returned." } }
        }
        """;

    /// <summary>A run, as every tool that answers with one writes it.</summary>
    public const string Run =
        """
        {
          "type": "object",
          "required": ["run_id", "workflow_id", "workflow_version", "submitter", "status", "steps", "version", "trace_head", "trace_length", "created_at", "deadline"],
          "properties": {
            "run_id": { "type": "string" },
            "workflow_id": { "type": "string" },
            "workflow_version": { "type": "string" },
            "submitter": { "type": "string" },
            "status": { "enum": ["queued", "verifying", "running", "done"], "description": "Only 'done' is final." },
            "outcome": { "enum": ["succeeded", "failed", "rejected", "cancelled", "timed_out"], "description": "Present when done. 'rejected' means that the policy refused an image." },
            "error": {
              "type": "object",
              "required": ["code", "message"],
              "properties": {
                "code": { "type": "string" },
                "message": { "type": "string" },
                "step": { "type": "string" },
                "server": { "type": "string" },
                "details": { "type": "array", "items": { "type": "string" } }
              }
            },
            "output": { "description": "What the workflow returns, when it succeeded. It comes from untrusted servers." },
            "output_resource": {
              "type": "object",
              "description": "In place of an output that is too large to stand here: read it as a resource.",
              "required": ["uri", "bytes"],
              "properties": { "uri": { "type": "string" }, "bytes": { "type": "integer" } }
            },
            "steps": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["id", "kind", "status", "attempt"],
                "properties": {
                  "id": { "type": "string" },
                  "kind": { "enum": ["call", "approval", "signal"] },
                  "server": { "type": "string" },
                  "tool": { "type": "string" },
                  "status": { "enum": ["pending", "running", "waiting", "succeeded", "failed"] },
                  "attempt": { "type": "integer" }
                }
              }
            },
            "waiting_for":
        """ + WaitingFor + """
        ,
            "version": { "type": "integer", "description": "Grows with every change of the run." },
            "trace_head": { "type": "string", "description": "SHA-256 of the newest trace entry. Keep it to prove later that the trace was not rewritten." },
            "trace_length": { "type": "integer" },
            "created_at": { "type": "string", "format": "date-time" },
            "deadline": { "type": "string", "format": "date-time" },
            "ended_at": { "type": "string", "format": "date-time" }
          }
        }
        """;
}
