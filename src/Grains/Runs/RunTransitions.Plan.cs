using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>Which step is next, and which sandboxes it needs.</summary>
internal static partial class RunTransitions
{
    /// <summary>Brings the sandboxes in line with the step that is next, and begins it when it can; ends the run after the last one.</summary>
    private static void Advance(Draft draft)
    {
        while (draft.State is { Status: RunStatus.Running, Outcome: null })
        {
            var index = Current(draft.State);
            if (index == draft.State.Steps.Length)
            {
                Complete(draft);
                return;
            }

            Plan(draft, index);
            if (!Begin(draft, index))
            {
                return;
            }
        }
    }

    /// <summary>Stops the sandboxes that no step needs any more; launches that of the next step and, while a call goes on, that of the one behind it.</summary>
    private static void Plan(Draft draft, int index)
    {
        foreach (var (id, server) in draft.State.Servers)
        {
            var use = NextUse(draft.Definition, id, index);
            if (use < 0 && server.Status is ServerStatus.Launching or ServerStatus.Ready)
            {
                draft.Set(id, s => s with { Status = ServerStatus.Stopping });
            }
            else if (use >= 0 && server.Status is ServerStatus.Admitted or ServerStatus.Stopped && IsSoon(draft, index, use))
            {
                draft.Set(id, s => s with { Status = ServerStatus.Launching, Attempt = s.Attempt + 1 });
            }
        }
    }

    // Nothing is launched behind a wait: nobody knows how long it takes.
    private static bool IsSoon(Draft draft, int index, int use) =>
        draft.Definition.Steps[index].Server is not null
        && use <= index + 1
        && draft.State.Steps[index].RetryAt is null
        && draft.State.Steps[use].RetryAt is null;

    /// <summary>Begins a step; true when it is over at once.</summary>
    private static bool Begin(Draft draft, int index)
    {
        var step = draft.State.Steps[index];
        if (step is not { Status: StepStatus.Pending, RetryAt: null })
        {
            return false;
        }

        switch (draft.Definition.Steps[index])
        {
            case { Approval: { } approval }:
                Ask(draft, step, approval);
                return false;
            case { Signal: { } signal }:
                return Await(draft, step, signal);
            case var call:
                StartCall(draft, step, call);
                return false;
        }
    }

    /// <summary>Index of the first step that has not succeeded.</summary>
    private static int Current(RunState state)
    {
        var index = 0;
        while (index < state.Steps.Length && state.Steps[index].Status == StepStatus.Succeeded)
        {
            index++;
        }

        return index;
    }

    /// <summary>Index of the first step from there on that calls the server; -1 when none does.</summary>
    private static int NextUse(WorkflowDefinition definition, string server, int from)
    {
        for (var i = from; i < definition.Steps.Count; i++)
        {
            if (definition.Steps[i].Server == server)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The step that a server is decided on, launched or kept for.</summary>
    private static StepState StepOf(Draft draft, string server) => draft.State.Steps[NextUse(draft.Definition, server, Current(draft.State))];
}
