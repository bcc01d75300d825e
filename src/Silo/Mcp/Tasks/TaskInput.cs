using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;

namespace Actors.Silo.Mcp.Tasks;

/// <summary>What a waiting run asks of its client: an approval or a signal, as a form.</summary>
internal static class TaskInput
{
    // Of a signal whose payload is no flat object: its JSON, as text.
    private const string Payload = "payload";

    private const string Decision = "decision";
    private const string Note = "note";
    private const string Approve = "approve";

    private static readonly string[] Copied = ["type", "title", "description", "default", "enum", "minLength", "maxLength", "minimum", "maximum", "format"];

    /// <summary>Names the request; a step waits once, so it names no other one.</summary>
    public static string? Key(RunView run) => run.WaitingFor switch
    {
        { Kind: WaitKind.Approval } wait => $"approval:{wait.Step}",
        { Kind: WaitKind.Signal } wait => $"signal:{wait.Step}",
        _ => null,
    };

    /// <summary>The request for what the run waits for.</summary>
    public static JsonObject Request(RunView run, WorkflowView? workflow) => new()
    {
        ["method"] = "elicitation/create",
        ["params"] = new JsonObject { ["mode"] = "form", ["message"] = Message(run.WaitingFor!, run), ["requestedSchema"] = Form(run.WaitingFor!, workflow) },
    };

    /// <summary>Gives the run what the client answered. One that declines or closes the form leaves the run waiting.</summary>
    /// <exception cref="RunRejectedException">The answer does not fit.</exception>
    public static async Task AnswerAsync(IRunGrain grain, WaitView wait, WorkflowView? workflow, string by, JsonElement response, CancellationToken cancellationToken)
    {
        if (response.ValueKind != JsonValueKind.Object || !response.TryGetProperty("action", out var action))
        {
            return;
        }

        if (action.ValueKind != JsonValueKind.String)
        {
            throw Invalid("action must be 'accept', 'decline' or 'cancel'.");
        }

        if (!action.ValueEquals("accept"))
        {
            return;
        }

        var content = response.TryGetProperty("content", out var given) && given.ValueKind == JsonValueKind.Object ? given : JsonElement.Parse("{}");
        if (wait.Kind == WaitKind.Signal)
        {
            await grain.SignalAsync(by, wait.Signal!, IsFlat(Schema(wait, workflow)) ? content : Parsed(content), cancellationToken);
            return;
        }

        var decision = Text(content, Decision) ?? throw Invalid($"content.{Decision} must be '{Approve}' or 'reject'.");
        if (decision is not (Approve or "reject"))
        {
            throw Invalid($"content.{Decision} must be '{Approve}' or 'reject'.");
        }

        await grain.ApproveAsync(by, wait.Step, decision == Approve, Text(content, Note), cancellationToken);
    }

    private static string Message(WaitView wait, RunView run) => wait.Kind == WaitKind.Approval
        ? $"Step {wait.Step} of {run.RunId} ({run.WorkflowId}) waits until {wait.Until:u} for an approval: {wait.Message}"
        : $"Step {wait.Step} of {run.RunId} ({run.WorkflowId}) waits until {wait.Until:u} for signal {wait.Signal}.";

    private static JsonObject Form(WaitView wait, WorkflowView? workflow)
    {
        if (wait.Kind == WaitKind.Approval)
        {
            return new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    [Decision] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray(Approve, "reject") },
                    [Note] = new JsonObject { ["type"] = "string", ["maxLength"] = 500, ["description"] = "Kept in the trace." },
                },
                ["required"] = new JsonArray(Decision),
            };
        }

        var schema = Schema(wait, workflow);
        return IsFlat(schema) ? Flat(schema!.Value) : new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { [Payload] = new JsonObject { ["type"] = "string", ["description"] = $"The payload as JSON{(schema is { } s ? $", by this schema: {s.GetRawText()}" : "")}" } },
            ["required"] = new JsonArray(Payload),
        };
    }

    private static JsonElement? Schema(WaitView wait, WorkflowView? workflow) => workflow?.Steps.FirstOrDefault(s => s.Id == wait.Step)?.Payload;

    // A form has fields of simple types, and no fields within fields.
    private static bool IsFlat(JsonElement? schema) =>
        schema is { ValueKind: JsonValueKind.Object } s
        && Text(s, "type") == "object"
        && s.TryGetProperty("properties", out var properties)
        && properties.ValueKind == JsonValueKind.Object
        && properties.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.Object && Text(p.Value, "type") is "string" or "number" or "integer" or "boolean");

    private static JsonObject Flat(JsonElement schema)
    {
        var fields = new JsonObject();
        foreach (var property in schema.GetProperty("properties").EnumerateObject())
        {
            var field = new JsonObject();
            foreach (var name in Copied)
            {
                if (property.Value.TryGetProperty(name, out var value))
                {
                    field[name] = JsonSerializer.SerializeToNode(value);
                }
            }

            fields[property.Name] = field;
        }

        var form = new JsonObject { ["type"] = "object", ["properties"] = fields };
        if (schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array)
        {
            form["required"] = JsonSerializer.SerializeToNode(required);
        }

        return form;
    }

    private static JsonElement Parsed(JsonElement content)
    {
        try
        {
            return JsonElement.Parse(Text(content, Payload) ?? throw Invalid($"content.{Payload} must be JSON as text."));
        }
        catch (JsonException)
        {
            throw Invalid($"content.{Payload} must be JSON as text.");
        }
    }

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static RunRejectedException Invalid(string message) => new(new RunError("invalid_input_response", message));
}
