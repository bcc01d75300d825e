using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

internal static partial class RunTransitions
{
    /// <summary>Ends the run without another effect: whatever it asks for seems to break its silo. Its sandboxes are left to the runner's reaper.</summary>
    private static void OnQuarantined(Draft draft, Quarantined e)
    {
        draft.Add(TraceKinds.Quarantined, new { strikes = e.Strikes, evidence = e.Evidence });
        if (draft.State.RunningStep is { } step)
        {
            draft.Add(TraceKinds.CallUnknown, new { step = step.Id, attempt = step.Attempt, code = "abandoned", message = "The run was quarantined while this call was in flight; it may have been executed." });
            draft.Set(step with { Status = StepStatus.Failed });
        }

        draft.State = draft.State with
        {
            Outcome = RunOutcome.Failed,
            Output = null,
            Error = new RunError(
                "quarantined",
                $"The run was taken over {e.Strikes} times without coming forward, so it is not tried again: it may be what breaks its silo. See the trace's 'quarantined' entry and the silos' logs of that time, then submit it anew.",
                draft.State.RunningStep?.Id),
        };
        Finish(draft);
    }
}
