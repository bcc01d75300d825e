using Actors.Grains.Interfaces;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runs;

internal static partial class RunTransitions
{
    private static readonly HashSet<string> TransientLaunch = new(StringComparer.Ordinal)
    {
        ProblemCodes.Busy, ProblemCodes.NotReady, ProblemCodes.EngineFailed, ProblemCodes.Internal,
        SandboxReasons.StartFailed, SandboxReasons.HandshakeFailed, SandboxReasons.ServerExited, SandboxReasons.SandboxLost, SandboxReasons.Orphaned,
        SandboxReasons.Evicted, SandboxReasons.NodeLost,
    };

    private static void OnStarted(Draft draft)
    {
        if (draft.State.Status != RunStatus.Queued)
        {
            return;
        }

        draft.Add(TraceKinds.Verifying, new { images = draft.Definition.Servers.ToDictionary(s => s.Key, s => s.Value.Image, StringComparer.Ordinal) });
        draft.State = draft.State with { Status = RunStatus.Verifying };
        RunWhenAdmitted(draft);
    }

    private static void RunWhenAdmitted(Draft draft)
    {
        if (draft.State.Servers.Values.All(s => s.Status == ServerStatus.Admitted))
        {
            draft.State = draft.State with { Status = RunStatus.Running };
            Advance(draft);
        }
    }

    private static void OnImageDecided(Draft draft, ImageDecided e)
    {
        if (draft.State is not { Status: RunStatus.Verifying, Outcome: null } || draft.State.Servers[e.Server].Status != ServerStatus.Undecided)
        {
            return;
        }

        draft.Add(TraceKinds.ImageDecided, new { server = e.Server, decision = e.Decision });
        if (!e.Decision.Admitted)
        {
            var error = Refusal(e.Server, e.Decision);
            if (!IsTransient(error, e.Decision) || !TryRetry(draft, StepOf(draft, e.Server), error))
            {
                Conclude(draft, RunOutcome.Rejected, error);
            }

            return;
        }

        draft.Set(e.Server, s => s with { Status = ServerStatus.Admitted, Reference = e.Decision.Reference });
        RunWhenAdmitted(draft);
    }

    private static RunError Refusal(string server, Decision decision) =>
        new(decision.Code ?? "refused", decision.Reason ?? $"The policy refuses {decision.Image}.", Server: server);

    private static void OnLaunched(Draft draft, SandboxLaunched e)
    {
        if (!IsLaunching(draft.State, e.Server, e.Attempt))
        {
            return;
        }

        draft.Add(TraceKinds.SandboxLaunched, new
        {
            server = e.Server,
            attempt = e.Attempt,
            sandbox = e.Sandbox.Id,
            pod = e.Sandbox.PodName,
            digest = e.Sandbox.ImageDigest,
            runtime = e.Sandbox.Runtime,
            isolation_proof = e.Sandbox.IsolationProof,
            identity = e.Sandbox.Server,
            tools = e.Tools.Count,
            policy_revision = e.Decision.PolicyRevision,
        });
        var used = draft.Definition.Steps.Where(s => s.Server == e.Server).ToList();
        var offered = e.Tools.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        draft.Set(e.Server, s => s with
        {
            Status = ServerStatus.Ready,
            RepeatableTools = [.. e.Tools.Where(t => (t.ReadOnly || t.Idempotent) && used.Exists(u => u.Tool == t.Name)).Select(t => t.Name)],
        });
        if (used.Find(s => !offered.Contains(s.Tool!)) is { } missing)
        {
            Conclude(draft, RunOutcome.Failed, UnknownTool(missing.Id, missing.Tool!, e.Server, offered));
            return;
        }

        Advance(draft);
    }

    private static RunError UnknownTool(string step, string tool, string server, IEnumerable<string> offered) => new(
        "unknown_tool",
        $"Server '{server}' offers no tool '{tool}'. It offers: {string.Join(", ", offered.Order(StringComparer.Ordinal).Take(20))}. Correct the step's tool.",
        step,
        server);

    private static void OnSandboxFailed(Draft draft, SandboxFailed e)
    {
        if (!IsLaunching(draft.State, e.Server, e.Attempt))
        {
            return;
        }

        draft.Add(TraceKinds.SandboxFailed, new { server = e.Server, attempt = e.Attempt, error = e.Error, sandbox = e.Sandbox, decision = e.Refusal });
        if (IsTransient(e.Error, e.Refusal) && TryRetry(draft, StepOf(draft, e.Server), e.Error))
        {
            draft.Set(e.Server, s => s with { Status = ServerStatus.Stopping });
            return;
        }

        Conclude(draft, e.Refusal is null ? RunOutcome.Failed : RunOutcome.Rejected, e.Error);
    }

    /// <summary>No call was sent to the sandbox, so launching another one harms nobody: only whether it can help matters.</summary>
    private static bool IsTransient(RunError error, Decision? refusal) =>
        refusal is null ? TransientLaunch.Contains(error.Code) : refusal.Code == RefusalCodes.RegistryUnavailable;

    private static void OnEnded(Draft draft, SandboxEnded e)
    {
        if (draft.State is not { Status: RunStatus.Running, Outcome: null }
            || draft.State.Servers[e.Server] is not { Status: ServerStatus.Ready } server
            || server.Attempt != e.Attempt
            || StepOf(draft, e.Server) is not { Status: StepStatus.Pending } step)
        {
            return;
        }

        var code = e.LastSeen?.ReasonCode ?? SandboxReasons.SandboxLost;
        draft.Add(TraceKinds.SandboxEnded, new { server = e.Server, attempt = e.Attempt, reason = code, exit_code = e.LastSeen?.ExitCode, evidence = e.LastSeen?.Evidence });
        var error = new RunError(code, $"Server '{e.Server}' ended before step '{step.Id}' called it: {e.LastSeen?.Reason ?? "nobody saw it end."}", step.Id, e.Server);
        if (TryRetry(draft, step, error))
        {
            draft.Set(e.Server, s => s with { Status = ServerStatus.Stopping });
            return;
        }

        Conclude(draft, RunOutcome.Failed, error);
    }

    private static bool IsLaunching(RunState state, string server, int attempt) =>
        state is { Status: RunStatus.Running, Outcome: null }
        && state.Servers[server] is { Status: ServerStatus.Launching } s
        && s.Attempt == attempt;

    private static void OnStopped(Draft draft, SandboxStopped e)
    {
        var server = draft.State.Servers[e.Server];
        var expected = draft.State.Outcome is null ? server.Status == ServerStatus.Stopping : IsAlive(server);
        if (!expected || server.Attempt != e.Attempt)
        {
            return;
        }

        draft.Add(TraceKinds.SandboxStopped, new
        {
            server = e.Server,
            attempt = e.Attempt,
            reason = e.LastSeen?.ReasonCode,
            exit_code = e.LastSeen?.ExitCode,
            evidence = e.LastSeen?.Evidence,
        });
        draft.Set(e.Server, s => s with { Status = ServerStatus.Stopped });
        if (draft.State.Outcome is null)
        {
            Advance(draft);
        }
        else if (!Alive(draft.State).Any())
        {
            Finish(draft);
        }
    }
}
