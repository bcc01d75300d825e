using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Actors.Grains.Workflows.Expressions;

namespace Actors.Grains.Runs;

/// <summary>Steps that wait for somebody. While one does, the state asks for nothing but the sandboxes that were used before and are used again.</summary>
internal static partial class RunTransitions
{
    private static void Ask(Draft draft, StepState step, ApprovalDefinition approval)
    {
        try
        {
            var message = Message(approval.Message, draft.State);
            var until = Until(draft, approval.Timeout);
            draft.Add(TraceKinds.ApprovalRequested, new { step = step.Id, message, until = until ?? draft.State.Deadline });
            draft.Set(step with { Status = StepStatus.Waiting, Message = message, Until = until });
        }
        catch (ExpressionException e)
        {
            FailStep(draft, step, new RunError("expression_failed", e.Message, step.Id));
        }
    }

    private static string Message(string template, RunState state)
    {
        var value = Template.Evaluate(JsonSerializer.SerializeToElement(template, ActorsJson.Options), Context(state));
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= WorkflowLimits.ApprovalMessage
            ? text
            : throw new ExpressionException("message", $"it evaluates to {text.Length} characters, {WorkflowLimits.ApprovalMessage} are allowed; show a smaller part");
    }

    private static DateTimeOffset? Until(Draft draft, TimeSpan? timeout) => draft.At + timeout;

    /// <summary>Waits for the signal; true when it has come already.</summary>
    private static bool Await(Draft draft, StepState step, SignalDefinition signal)
    {
        if (step.Result is not null)
        {
            draft.Set(step with { Status = StepStatus.Succeeded });
            return true;
        }

        var until = Until(draft, signal.Timeout);
        draft.Add(TraceKinds.SignalAwaited, new { step = step.Id, signal = signal.Name, until = until ?? draft.State.Deadline });
        draft.Set(step with { Status = StepStatus.Waiting, Until = until });
        return false;
    }

    private static void OnApproval(Draft draft, ApprovalDecided e)
    {
        var step = draft.State.Steps.FirstOrDefault(s => s.Id == e.Step && s.Status == StepStatus.Waiting);
        if (step is null || draft.State.Outcome is not null || draft.Definition.Step(e.Step).Approval is null)
        {
            Ignore(draft, e.Approved ? RunCommands.Approve : RunCommands.Reject, e.By, "the run does not wait for this approval", e.Step);
            return;
        }

        draft.Add(TraceKinds.ApprovalDecided, new { step = step.Id, approved = e.Approved, by = e.By, note = e.Note });
        if (!e.Approved)
        {
            FailStep(draft, step, new RunError("approval_rejected", $"{e.By} rejected step '{step.Id}'{(string.IsNullOrEmpty(e.Note) ? "." : $": {e.Note}")}", step.Id));
            return;
        }

        // The note is there even when it is null, so that an expression can name it.
        var result = JsonSerializer.SerializeToElement(new { approved_by = e.By, note = e.Note, at = TraceChain.Timestamp(e.At) });
        Answered(draft, step, result);
    }

    private static void OnSignal(Draft draft, SignalReceived e)
    {
        var id = draft.Definition.Steps.FirstOrDefault(s => s.Signal?.Name == e.Name)?.Id;
        var step = draft.State.Steps.FirstOrDefault(s => s.Id == id);
        if (step is not { Status: StepStatus.Pending or StepStatus.Waiting, Result: null } || draft.State.Outcome is not null)
        {
            Ignore(draft, RunCommands.Signal, e.By, "the run does not wait for this signal, or not any more", e.Name);
            return;
        }

        var early = step.Status == StepStatus.Pending;
        draft.Add(TraceKinds.SignalReceived, new { step = step.Id, signal = e.Name, by = e.By, early, payload = e.Payload });
        if (!early)
        {
            Answered(draft, step, e.Payload);
        }
        else if (!Overflows(draft, step, e.Payload))
        {
            draft.Set(step with { Result = e.Payload });
        }
    }

    private static void Answered(Draft draft, StepState step, JsonElement result)
    {
        if (!Overflows(draft, step, result))
        {
            draft.Set(step with { Status = StepStatus.Succeeded, Result = result, Until = null, Message = null });
            Advance(draft);
        }
    }

    private static void TimeOut(Draft draft, StepState step)
    {
        var (code, what) = draft.Definition.Step(step.Id) switch
        {
            { Signal: { } signal } => ("signal_timed_out", $"signal '{signal.Name}'"),
            _ => ("approval_timed_out", "approval"),
        };
        draft.Add(TraceKinds.WaitTimedOut, new { step = step.Id, until = step.Until });
        FailStep(draft, step, new RunError(code, $"Nobody gave the {what} that step '{step.Id}' waited for in time. Raise the step's timeout, or submit the run again.", step.Id));
    }

    private static void Ignore(Draft draft, string command, string by, string reason, string? name = null) =>
        draft.Add(TraceKinds.CommandIgnored, new { command, by, name, reason });
}
