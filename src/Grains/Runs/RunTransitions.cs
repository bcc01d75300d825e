using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>An entry of the trace before it is redacted, numbered and hashed.</summary>
internal sealed record TraceDraft(DateTimeOffset At, string Kind, JsonElement Data);

/// <summary>What follows from an event. <see cref="Trace"/> is empty when the event changes nothing.</summary>
internal sealed record Transition(RunState State, IReadOnlyList<TraceDraft> Trace, IReadOnlyList<RunEffect> Effects);

/// <summary>The run's state machine: pure, total and deterministic. Knows no clock, store or runner.</summary>
internal static partial class RunTransitions
{
    /// <summary>How long a run that has its outcome waits for its sandboxes to be confirmed gone.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(60);

    // One repetition tells a crash of the machine from a tool that kills its server.
    private const int MostInterruptions = 1;

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
        { Status: RunStatus.Verifying } => [.. Decisions(definition, state)],
        _ => [.. Sandboxes(definition, state), .. Calls(definition, state)],
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
            case ApprovalDecided e:
                OnApproval(draft, e);
                break;
            case SignalReceived e:
                OnSignal(draft, e);
                break;
            case CommandUnknown e:
                Ignore(draft, e.Kind, e.By, "this program does not know the command");
                break;
            case SandboxEnded e:
                OnEnded(draft, e);
                break;
            case Quarantined e:
                OnQuarantined(draft, e);
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
                OnRecovered(draft, e);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(@event), @event.GetType().Name, "no transition is defined for this event");
        }
    }

    /// <summary>The step of that id.</summary>
    public static StepDefinition Step(this WorkflowDefinition definition, string id) => definition.Steps.First(s => s.Id == id);

    private static IEnumerable<DecideImage> Decisions(WorkflowDefinition definition, RunState state)
    {
        foreach (var (server, _) in state.Servers.Where(s => s.Value.Status == ServerStatus.Undecided))
        {
            if (state.Steps[NextUse(definition, server, 0)] is { RetryAt: null } step)
            {
                yield return new DecideImage(server, step.Retries);
            }
        }
    }

    private static IEnumerable<RunEffect> Sandboxes(WorkflowDefinition definition, RunState state)
    {
        var calling = state.RunningStep is { } step ? definition.Step(step.Id).Server : null;
        foreach (var (id, server) in state.Servers)
        {
            switch (server.Status)
            {
                case ServerStatus.Launching:
                    yield return new LaunchSandbox(id, server.Attempt);
                    break;
                case ServerStatus.Ready when id != calling:
                    yield return new KeepSandbox(id, server.Attempt);
                    break;
                case ServerStatus.Stopping:
                    yield return new StopSandbox(id, server.Attempt);
                    break;
            }
        }
    }

    private static IEnumerable<CallTool> Calls(WorkflowDefinition definition, RunState state)
    {
        if (state.RunningStep is { } step)
        {
            var server = definition.Step(step.Id).Server!;
            yield return new CallTool(step.Id, server, state.Servers[server].Attempt, step.Attempt, Arguments(definition, state, step.Id));
        }
    }

    private static IEnumerable<KeyValuePair<string, ServerState>> Alive(RunState state) =>
        state.Servers.Where(s => IsAlive(s.Value));

    private static bool IsAlive(ServerState server) => server.Status is ServerStatus.Launching or ServerStatus.Ready or ServerStatus.Stopping;

    private static void OnCancel(Draft draft, CancelRequested e)
    {
        if (draft.State.Outcome is null)
        {
            draft.Add(TraceKinds.CancelRequested, new { by = e.By, reason = e.Reason });
            Conclude(draft, RunOutcome.Cancelled, new RunError("cancelled", e.Reason ?? "The run was cancelled on request."));
        }
        else
        {
            Ignore(draft, RunCommands.Cancel, e.By, "the run has its outcome already");
        }
    }

    /// <summary>A silo that wakes a run in which nothing was going on has recovered nothing.</summary>
    private static void OnRecovered(Draft draft, Recovered e)
    {
        if (Effects(draft.Definition, draft.State).Count > 0)
        {
            draft.Add(TraceKinds.Recovered, new { epoch = e.Epoch, silo = e.Silo, status = draft.State.Status });
        }
    }

    private static void OnEffectFailed(Draft draft, EffectFailed e)
    {
        draft.Add(TraceKinds.EffectFailed, new { effect = e.Effect, error = e.Error });

        // A sandbox that cannot be stopped is no reason to fail: the stop goes on until it works, behind an outcome until the stop deadline.
        var wanted = Effects(draft.Definition, draft.State).FirstOrDefault(w => w.Name == e.Effect);
        if (draft.State.Outcome is null && wanted is not { IsPersistent: true })
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
            Abandon(draft, StopGrace);
            return;
        }

        if (e.At < state.Deadline)
        {
            OnStepsDue(draft);
            return;
        }

        var allowed = state.Deadline - state.CreatedAt;
        var step = state.Steps.FirstOrDefault(s => s.Status is StepStatus.Running or StepStatus.Waiting)?.Id;
        draft.Add(TraceKinds.DeadlineReached, new { deadline = state.Deadline, step });
        Conclude(draft, RunOutcome.TimedOut, new RunError(
            "run_timed_out",
            $"The run did not end within {allowed.TotalSeconds:0} s. Raise the workflow's timeout, or see in the trace what it waited for.",
            step));
    }

    private static void Abandon(Draft draft, TimeSpan after)
    {
        draft.Add(TraceKinds.SandboxesAbandoned, new { servers = Alive(draft.State).Select(s => s.Key), after_seconds = after.TotalSeconds });
        Finish(draft);
    }

    /// <summary>Fixes the outcome. Every sandbox is stopped before the run is done.</summary>
    private static void Conclude(Draft draft, RunOutcome outcome, RunError? error)
    {
        if (draft.State.RunningStep is { } step)
        {
            draft.Add(TraceKinds.CallUnknown, new { step = step.Id, attempt = step.Attempt, code = "abandoned", message = "The run ended while this call was in flight; it may have been executed." });
            draft.Set(step with { Status = StepStatus.Failed });
        }

        if (draft.State.Steps.FirstOrDefault(s => s.Status == StepStatus.Waiting) is { } waiting)
        {
            draft.Set(waiting with { Status = StepStatus.Failed });
        }

        draft.State = draft.State with
        {
            Outcome = outcome,
            Error = error,
            StopDeadline = draft.At + StopGrace,
            Steps = [.. draft.State.Steps.Select(s => s with { RetryAt = null, Until = null, Message = null })],
        };
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
