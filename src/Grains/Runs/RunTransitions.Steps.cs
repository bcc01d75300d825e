using System.Runtime.InteropServices;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Actors.Grains.Workflows.Expressions;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runs;

internal static partial class RunTransitions
{
    // After these the server may never have seen the call, or died of something else: a harmless tool may be asked again.
    private static readonly HashSet<string> Interrupting = new(StringComparer.Ordinal) { SandboxReasons.ServerExited, SandboxReasons.SandboxLost, SandboxReasons.Orphaned, SandboxReasons.Evicted, SandboxReasons.NodeLost };

    // The run's row holds every result until the run is done.
    private const long LargestResults = 16L * 1024 * 1024;

    private static void StartCall(Draft draft, StepState next, StepDefinition step)
    {
        if (draft.State.Servers[step.Server!].Status != ServerStatus.Ready)
        {
            return;
        }

        try
        {
            var arguments = Arguments(draft.Definition, draft.State, step.Id);
            var started = next with { Status = StepStatus.Running, Attempt = next.Attempt + 1 };
            draft.Add(TraceKinds.CallStarted, new { step = step.Id, server = step.Server, tool = step.Tool, attempt = started.Attempt, arguments });
            draft.Set(started);
        }
        catch (ExpressionException e)
        {
            FailStep(draft, next, new RunError("expression_failed", e.Message, step.Id, step.Server));
        }
    }

    private static void Complete(Draft draft)
    {
        try
        {
            if (draft.Definition.Output is { } template)
            {
                draft.State = draft.State with { Output = Template.Evaluate(template, Context(draft.State)) };
            }

            Conclude(draft, RunOutcome.Succeeded, null);
        }
        catch (ExpressionException e)
        {
            Conclude(draft, RunOutcome.Failed, new RunError("expression_failed", $"The workflow's output cannot be made: {e.Message}"));
        }
    }

    private static JsonElement Arguments(WorkflowDefinition definition, RunState state, string step) =>
        Template.Evaluate(definition.Step(step).Arguments, Context(state));

    private static ExpressionContext Context(RunState state) => new(
        state.Params ?? default,
        state.Steps.Where(s => s.Result is not null).ToDictionary(s => s.Id, s => s.Result!.Value, StringComparer.Ordinal),
        state.RunId.Value);

    private static void OnAnswered(Draft draft, CallAnswered e)
    {
        if (InFlight(draft.State, e.Step, e.Attempt) is not { } step)
        {
            return;
        }

        var failed = e.Result.ValueKind == JsonValueKind.Object && e.Result.TryGetProperty("isError", out var flag) && flag.ValueKind == JsonValueKind.True;
        draft.Add(TraceKinds.CallAnswered, new { step = e.Step, attempt = e.Attempt, is_error = failed, result = e.Result, duration_ms = e.DurationMs });
        if (failed)
        {
            var definition = draft.Definition.Step(e.Step);
            var error = ToolError(definition, e.Result);
            if (!IsRepeatable(draft, definition) || !TryRetry(draft, step, error))
            {
                FailStep(draft, step, error);
            }

            return;
        }

        Answered(draft, step, e.Result);
    }

    /// <summary>Fails the step when its result is too much.</summary>
    private static bool Overflows(Draft draft, StepState step, JsonElement result)
    {
        if (Size(result) + draft.State.Steps.Sum(s => s.Result is { } r ? Size(r) : 0) <= LargestResults)
        {
            return false;
        }

        FailStep(draft, step, new RunError(
            "results_too_large", $"The results of the run's steps exceed {LargestResults} bytes together. Let the tools return less, or split the workflow.", step.Id, draft.Definition.Step(step.Id).Server));
        return true;
    }

    private static long Size(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).Length;

    private static RunError ToolError(StepDefinition step, JsonElement result)
    {
        var text = result.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
            ? string.Join(' ', content.EnumerateArray()
                .Where(c => c.ValueKind == JsonValueKind.Object && c.TryGetProperty("text", out var t) && t.ValueKind == JsonValueKind.String)
                .Select(c => c.GetProperty("text").GetString()))
            : "";
        return new RunError("tool_error", $"Tool '{step.Tool}' of server '{step.Server}' reports an error: {text}", step.Id, step.Server);
    }

    private static void OnCallFailed(Draft draft, CallFailed e)
    {
        if (InFlight(draft.State, e.Step, e.Attempt) is { } step)
        {
            draft.Add(TraceKinds.CallFailed, new { step = e.Step, attempt = e.Attempt, error = e.Error });
            OnCallFailed(draft, step, e.Error);
        }
    }

    private static void OnCallFailed(Draft draft, StepState step, RunError error)
    {
        var definition = draft.Definition.Step(step.Id);
        if (!IsHarmless(draft, definition, error.Code) || !TryRetry(draft, step, error))
        {
            FailStep(draft, step, error);
        }
        else if (Ended.Contains(error.Code))
        {
            draft.Set(definition.Server!, s => s with { Status = ServerStatus.Stopping });
        }
    }

    private static void OnUnknown(Draft draft, CallUnknown e)
    {
        if (InFlight(draft.State, e.Step, e.Attempt) is not { } step)
        {
            return;
        }

        var definition = draft.Definition.Step(e.Step);
        var repeatable = IsRepeatable(draft, definition);
        var again = repeatable && Interrupting.Contains(e.Code) && step.Interruptions < MostInterruptions;
        var later = repeatable && !again && MayRetry(draft, step);
        draft.Add(TraceKinds.CallUnknown, new { step = e.Step, attempt = e.Attempt, code = e.Code, message = e.Message, repeated = again || later });
        if (again)
        {
            draft.Set(step with { Status = StepStatus.Pending, Interruptions = step.Interruptions + 1 });
            draft.Set(definition.Server!, s => s with { Status = ServerStatus.Launching, Attempt = s.Attempt + 1 });
            return;
        }

        var code = e.Code is SandboxReasons.SandboxLost or SandboxReasons.Orphaned or SandboxReasons.Evicted or SandboxReasons.NodeLost ? "interrupted" : e.Code;
        var error = new RunError(code, $"Tool '{definition.Tool}' of server '{definition.Server}' may have been executed, its outcome is unknown: {e.Message}", step.Id, definition.Server);
        if (later && TryRetry(draft, step, error))
        {
            // Whatever the old sandbox still does, the new call must not meet it.
            draft.Set(definition.Server!, s => s with { Status = ServerStatus.Stopping });
            return;
        }

        FailStep(draft, step, error);
    }

    private static void FailStep(Draft draft, StepState step, RunError error)
    {
        draft.Set(step with { Status = StepStatus.Failed });
        Conclude(draft, RunOutcome.Failed, error);
    }

    private static StepState? InFlight(RunState state, string step, int attempt) =>
        state.Outcome is null && state.RunningStep is { } running && running.Id == step && running.Attempt == attempt ? running : null;
}
