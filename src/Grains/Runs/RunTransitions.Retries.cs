using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runs;

/// <summary>Trying again, after a pause: only what certainly had no effect, or what may be repeated.</summary>
internal static partial class RunTransitions
{
    // The sandbox ended, or never got the call.
    private static readonly HashSet<string> Ended = new(StringComparer.Ordinal)
    {
        SandboxReasons.ServerExited, SandboxReasons.OutOfMemory, SandboxReasons.OutputLimit, SandboxReasons.DeadlineExceeded, SandboxReasons.HandshakeFailed,
        SandboxReasons.StartFailed, SandboxReasons.Stopped, SandboxReasons.Orphaned, SandboxReasons.SandboxLost, SandboxReasons.CallTimedOut,
        SandboxReasons.Evicted, SandboxReasons.NodeLost,
    };

    // The same request gets the same answer.
    private static readonly HashSet<string> Hopeless = new(StringComparer.Ordinal)
    {
        ProblemCodes.BadRequest, ProblemCodes.Unauthorized, ProblemCodes.StaleFence, ProblemCodes.Conflict, ProblemCodes.TooLarge,
    };

    /// <summary>True when nothing but a pause speaks against calling the step again after this failure, which is certain.</summary>
    private static bool IsHarmless(Draft draft, StepDefinition step, string code) =>
        !Hopeless.Contains(code) && (Ended.Contains(code) || code == CallErrorCodes.JournalFailed || IsRepeatable(draft, step));

    private static bool IsRepeatable(Draft draft, StepDefinition step) =>
        step.Idempotent || draft.State.Servers[step.Server!].RepeatableTools.Contains(step.Tool!);

    private static bool MayRetry(Draft draft, StepState step) => draft.Definition.Step(step.Id).Retry is { } retry && step.Retries + 1 < retry.Attempts;

    /// <summary>Puts the step back and pauses it; false when its tries are used up or it has none.</summary>
    private static bool TryRetry(Draft draft, StepState step, RunError error)
    {
        if (!MayRetry(draft, step))
        {
            return false;
        }

        var retry = draft.Definition.Step(step.Id).Retry!;
        var at = draft.At + Pause(retry, step.Retries);
        draft.Add(TraceKinds.RetryScheduled, new { step = step.Id, retry = step.Retries + 1, of = retry.Attempts - 1, at, error });
        draft.Set(step with { Status = StepStatus.Pending, Retries = step.Retries + 1, RetryAt = at });
        return true;
    }

    private static TimeSpan Pause(RetryDefinition retry, int retries)
    {
        var doubled = retry.Backoff.TotalSeconds * Math.Pow(2, retries);
        return doubled < retry.MaxBackoff.TotalSeconds ? TimeSpan.FromSeconds(doubled) : retry.MaxBackoff;
    }

    /// <summary>Waits that are over, and pauses.</summary>
    private static void OnStepsDue(Draft draft)
    {
        if (draft.State.Steps.FirstOrDefault(s => s.Until <= draft.At) is { } late)
        {
            TimeOut(draft, late);
            return;
        }

        foreach (var step in draft.State.Steps.Where(s => s.RetryAt <= draft.At))
        {
            draft.Add(TraceKinds.RetryDue, new { step = step.Id, retry = step.Retries });
            draft.Set(step with { RetryAt = null });
        }

        Advance(draft);
    }
}
