using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

internal static partial class RunTransitions
{
    /// <summary>Gives the run up without its definition: loading that may be what breaks the silo. An acknowledged cancel goes before.</summary>
    public static Transition Quarantine(RunState state, CancelRequested? cancel, Quarantined quarantined)
    {
        var draft = new Draft(null, state, quarantined.At);
        if (cancel is not null)
        {
            Apply(draft, cancel);
        }

        if (draft.State.Status != RunStatus.Done)
        {
            Apply(draft, quarantined);
        }

        return new Transition(draft.State, draft.Trace, []);
    }

    /// <summary>Ends the run without another effect: whatever it asks for seems to break its silo. Its sandboxes are left to the runner's reaper. An outcome that was decided before stands.</summary>
    private static void OnQuarantined(Draft draft, Quarantined e)
    {
        draft.Add(TraceKinds.Quarantined, new { strikes = e.Strikes, evidence = e.Evidence });
        if (draft.State.Outcome is null)
        {
            Conclude(draft, RunOutcome.Failed, new RunError(
                "quarantined",
                $"The run was taken over {e.Strikes} times without coming forward, so it is not tried again: it may be what breaks its silo. See the trace's 'quarantined' entry and the silos' logs of that time, then submit it anew.",
                draft.State.Steps.FirstOrDefault(s => s.Status is StepStatus.Running or StepStatus.Waiting)?.Id));
        }

        if (draft.State.Status != RunStatus.Done)
        {
            Abandon(draft, TimeSpan.Zero);
        }
    }
}
