using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>An entry of the trace before it is redacted, numbered and hashed.</summary>
internal sealed record TraceDraft(DateTimeOffset At, string Kind, JsonObject Data);

/// <summary>What follows from an event. <see cref="Trace"/> is empty when the event changes nothing.</summary>
internal sealed record Transition(RunState State, IReadOnlyList<TraceDraft> Trace, IReadOnlyList<RunEffect> Effects);

/// <summary>The run's state machine: pure, total and deterministic. Knows no clock, store or runner.</summary>
internal static partial class RunTransitions
{
    /// <summary>How long a run that has its outcome waits for its sandboxes to be confirmed gone.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(60);

    // One repetition tells a crash of the machine from a tool that kills its server.
    private const int MostCallAttempts = 2;

    /// <summary>Applies an event. An event that does not fit the state (late, repeated) is ignored.</summary>
    public static Transition Decide(WorkflowDefinition definition, RunState state, RunEvent @event)
    {
        var draft = new Draft(definition, state, @event.At);
        if (state.Status != RunStatus.Done)
        {
            Apply(draft, @event);
        }

        return new Transition(draft.State, draft.Trace, Effects(definition, draft.State));
    }

    /// <summary>What has to be going on outside in this state.</summary>
    public static IReadOnlyList<RunEffect> Effects(WorkflowDefinition definition, RunState state) => state switch
    {
        { Status: RunStatus.Queued or RunStatus.Done } => [],
        { Outcome: not null } => [.. Alive(state).Select(s => new StopSandbox(s.Key, s.Value.Attempt))],
        { Status: RunStatus.Verifying } => [.. state.Servers.Where(s => s.Value.Status == ServerStatus.Undecided).Select(s => new DecideImage(s.Key))],
        _ => [.. Launches(state), .. Calls(definition, state)],
    };

    private static void Apply(Draft draft, RunEvent @event)
    {
        switch (@event)
        {
            case Started:
                OnStarted(draft);
                break;
            case ImageDecided e:
                OnImageDecided(draft, e);
                break;
            case SandboxLaunched e:
                OnLaunched(draft, e);
                break;
            case SandboxFailed e:
                OnSandboxFailed(draft, e);
                break;
            case CallAnswered e:
                OnAnswered(draft, e);
                break;
            case CallFailed e:
                OnCallFailed(draft, e);
                break;
            case CallUnknown e:
                OnUnknown(draft, e);
                break;
            case CancelRequested e:
                OnCancel(draft, e);
                break;
            case ReminderFired e:
                OnReminder(draft, e);
                break;
            case SandboxStopped e:
                OnStopped(draft, e);
                break;
            case EffectFailed e:
                OnEffectFailed(draft, e);
                break;
            case Recovered e:
                draft.Add(TraceKinds.Recovered, new { epoch = e.Epoch, silo = e.Silo, status = draft.State.Status });
                break;
            case CommandUnknown e:
                draft.Add(TraceKinds.CommandIgnored, new { command = e.Kind, by = e.By, reason = "this program does not know the command" });
                break;
            case Quarantined e:
                OnQuarantined(draft, e);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType().Name, "no transition is defined for this event");
        }
    }

    /// <summary>The step of that id.</summary>
    public static StepDefinition Step(this WorkflowDefinition definition, string id) => definition.Steps.First(s => s.Id == id);

    private static IEnumerable<LaunchSandbox> Launches(RunState state) =>
        state.Servers.Where(s => s.Value.Status == ServerStatus.Launching).Select(s => new LaunchSandbox(s.Key, s.Value.Attempt));

    private static IEnumerable<CallTool> Calls(WorkflowDefinition definition, RunState state)
    {
        if (state.RunningStep is { } step)
        {
            var server = definition.Step(step.Id).Server;
            yield return new CallTool(step.Id, server, state.Servers[server].Attempt, step.Attempt, Arguments(definition, state, step.Id));
        }
    }

    private static IEnumerable<KeyValuePair<string, ServerState>> Alive(RunState state) =>
        state.Servers.Where(s => s.Value.Status is ServerStatus.Launching or ServerStatus.Ready);

    private static void OnCancel(Draft draft, CancelRequested e)
    {
        if (draft.State.Outcome is null)
        {
            draft.Add(TraceKinds.CancelRequested, new { by = e.By, reason = e.Reason });
            Conclude(draft, RunOutcome.Cancelled, new RunError("cancelled", e.Reason ?? "The run was cancelled on request."));
        }
        else
        {
            draft.Add(TraceKinds.CommandIgnored, new { command = RunCommands.Cancel, by = e.By, reason = "the run has its outcome already" });
        }
    }

    private static void OnEffectFailed(Draft draft, EffectFailed e)
    {
        draft.Add(TraceKinds.EffectFailed, new { effect = e.Effect, error = e.Error });

        // A sandbox that cannot be stopped is waited for until the stop deadline.
        if (draft.State.Outcome is null)
        {
            Conclude(draft, RunOutcome.Failed, e.Error);
        }
    }

    private static void OnReminder(Draft draft, ReminderFired e)
    {
        var state = draft.State;
        if (e.At < state.DueAt)
        {
            return;
        }

        if (state.Outcome is not null)
        {
            draft.Add(TraceKinds.SandboxesAbandoned, new { servers = Alive(state).Select(s => s.Key), after_seconds = StopGrace.TotalSeconds });
            Finish(draft);
            return;
        }

        var allowed = state.Deadline - state.CreatedAt;
        draft.Add(TraceKinds.DeadlineReached, new { deadline = state.Deadline, step = state.RunningStep?.Id });
        Conclude(draft, RunOutcome.TimedOut, new RunError(
            "run_timed_out",
            $"The run did not end within {allowed.TotalSeconds:0} s. Raise the workflow's timeout, or see in the trace what it waited for.",
            state.RunningStep?.Id));
    }

    /// <summary>Fixes the outcome. Every sandbox is stopped before the run is done.</summary>
    private static void Conclude(Draft draft, RunOutcome outcome, RunError? error)
    {
        if (draft.State.RunningStep is { } step)
        {
            draft.Add(TraceKinds.CallUnknown, new { step = step.Id, attempt = step.Attempt, code = "abandoned", message = "The run ended while this call was in flight; it may have been executed." });
            draft.Set(step with { Status = StepStatus.Failed });
        }

        draft.State = draft.State with { Outcome = outcome, Error = error, StopDeadline = draft.At + StopGrace };
        if (!Alive(draft.State).Any())
        {
            Finish(draft);
        }
    }

    private static void Finish(Draft draft)
    {
        var state = draft.State;
        draft.Add(TraceKinds.Done, new
        {
            outcome = state.Outcome,
            error = state.Error,
            output = state.Output,
            duration_ms = (draft.At - state.CreatedAt).TotalMilliseconds,
        });
        draft.State = state with
        {
            Status = RunStatus.Done,
            EndedAt = draft.At,
            Params = null,
            Steps = [.. state.Steps.Select(s => s with { Result = null })],
        };
    }
}
