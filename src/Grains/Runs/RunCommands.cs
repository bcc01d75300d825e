using System.Text;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>What somebody outside may want of a run: how it is written into the inbox, checked before, and read again.</summary>
internal static class RunCommands
{
    public const string Cancel = "cancel";
    public const string Approve = "approve";
    public const string Reject = "reject";
    public const string Signal = "signal";

    // Trace and answers wrap a payload a few levels deep, and JSON writers stop at 64.
    private const int LargestDepth = 48;

    /// <summary>Body of <see cref="Cancel"/>.</summary>
    public static string CancelBody(string? reason) => Write(new Body { Reason = reason });

    /// <summary>Body of <see cref="Approve"/> and <see cref="Reject"/>.</summary>
    public static string DecisionBody(string step, string? note) => Write(new Body { Step = step, Note = note });

    /// <summary>Body of <see cref="Signal"/>.</summary>
    public static string SignalBody(string name, JsonElement payload) => Write(new Body { Name = name, Payload = payload });

    /// <summary>The event that a posted command is. What cannot be read, perhaps because a newer program wrote it, is <see cref="CommandUnknown"/>.</summary>
    public static RunEvent ToEvent(string kind, string by, string body, DateTimeOffset at)
    {
        var content = Read(body);
        return (kind, content) switch
        {
            (Cancel, not null) => new CancelRequested(at, by, content.Reason),
            (Approve or Reject, { Step: { } step }) => new ApprovalDecided(at, by, step, kind == Approve, content.Note),
            (Signal, { Name: { } name, Payload: { } payload }) => new SignalReceived(at, by, name, payload),
            _ => new CommandUnknown(at, by, kind),
        };
    }

    /// <summary>Null when the decision fits the run as it is now; else what is wrong, and nothing must be posted.</summary>
    public static RunError? ValidateDecision(WorkflowDefinition definition, RunState state, string step, string? note)
    {
        if (note?.Length > WorkflowLimits.DecisionNote)
        {
            return new RunError("invalid_note", $"note has {note.Length} characters, {WorkflowLimits.DecisionNote} are allowed.");
        }

        var known = definition.Steps.Where(s => s.Approval is not null).Select(s => s.Id).ToList();
        if (!known.Contains(step, StringComparer.Ordinal))
        {
            return new RunError("unknown_step", $"Workflow '{definition.Id}' has no approval '{Shorten(step)}'. It has: {Listed(known)}.");
        }

        return state.Steps.First(s => s.Id == step).Status switch
        {
            _ when state.Outcome is not null => NotWaiting($"Run {state.RunId} has its outcome already; step '{step}' waits for nothing.", step),
            StepStatus.Waiting => null,
            StepStatus.Pending => NotWaiting($"Run {state.RunId} has not reached step '{step}' yet. Call wait_run until waiting_for names it.", step),
            _ => NotWaiting($"Step '{step}' of run {state.RunId} was decided before.", step),
        };
    }

    /// <summary>Null when the signal fits the run as it is now; else what is wrong, and nothing must be posted.</summary>
    public static RunError? ValidateSignal(WorkflowDefinition definition, RunState state, string name, JsonElement payload)
    {
        var size = payload.ValueKind == JsonValueKind.Undefined ? 0 : Encoding.UTF8.GetByteCount(payload.GetRawText());
        if (size > WorkflowLimits.SignalPayload)
        {
            return new RunError("payload_too_large", $"The payload has {size} bytes, {WorkflowLimits.SignalPayload} are allowed. Pass a reference instead of the data.");
        }

        // A null would read as no result.
        if (size == 0 || payload.ValueKind == JsonValueKind.Null || !JsonDepth.IsWithin(payload, LargestDepth))
        {
            return new RunError("invalid_payload", $"The payload must be JSON of at most {LargestDepth} levels, and not null.");
        }

        if (definition.Steps.FirstOrDefault(s => s.Signal?.Name == name) is not { Signal: { } signal } step)
        {
            var known = definition.Steps.Where(s => s.Signal is not null).Select(s => s.Signal!.Name);
            return new RunError("unknown_signal", $"Workflow '{definition.Id}' waits for no signal '{Shorten(name)}'. It waits for: {Listed(known)}.");
        }

        if (state.Outcome is not null || state.Steps.First(s => s.Id == step.Id) is not { Status: StepStatus.Pending or StepStatus.Waiting, Result: null })
        {
            return NotWaiting($"Run {state.RunId} does not wait for signal '{name}' any more.", step.Id);
        }

        var faults = signal.PayloadSchema?.Validate(payload) ?? [];
        return faults.Count == 0 ? null
            : new RunError("invalid_payload", $"The payload does not fit the schema of signal '{name}': {faults[0]}", step.Id, Details: [.. faults.Select(f => f.ToString())]);
    }

    private static RunError NotWaiting(string message, string step) => new("not_waiting", message, step);

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Take(50)) is { Length: > 0 } listed ? listed : "none";

    private static string Shorten(string text) => text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");

    private static string Write(Body body) => JsonSerializer.Serialize(body, ActorsJson.Options);

    private static Body? Read(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<Body>(body, ActorsJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Body
    {
        public string? Reason { get; init; }

        public string? Step { get; init; }

        public string? Note { get; init; }

        public string? Name { get; init; }

        public JsonElement? Payload { get; init; }
    }
}
