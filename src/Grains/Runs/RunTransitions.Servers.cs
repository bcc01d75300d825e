using System.Collections.Immutable;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

internal static partial class RunTransitions
{
    private static void OnStarted(Draft draft)
    {
        if (draft.State.Status != RunStatus.Queued)
        {
            return;
        }

        draft.Add(TraceKinds.Verifying, new { images = draft.Definition.Servers.ToDictionary(s => s.Key, s => s.Value.Image, StringComparer.Ordinal) });
        draft.State = draft.State with { Status = RunStatus.Verifying };
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
            Conclude(draft, RunOutcome.Rejected, Refusal(e.Server, e.Decision));
            return;
        }

        draft.Set(e.Server, s => s with { Status = ServerStatus.Admitted, Reference = e.Decision.Reference });
        if (draft.State.Servers.Values.All(s => s.Status == ServerStatus.Admitted))
        {
            draft.State = draft.State with { Status = RunStatus.Running };
            foreach (var server in draft.State.Servers.Keys)
            {
                draft.Set(server, s => s with { Status = ServerStatus.Launching, Attempt = 1 });
            }
        }
    }

    private static RunError Refusal(string server, RunnerApi.Contracts.Decision decision) =>
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
        if (used.Find(s => !offered.Contains(s.Tool)) is { } missing)
        {
            Conclude(draft, RunOutcome.Failed, UnknownTool(missing.Id, missing.Tool, e.Server, offered));
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
        Conclude(draft, e.Refusal is null ? RunOutcome.Failed : RunOutcome.Rejected, e.Error);
    }

    private static bool IsLaunching(RunState state, string server, int attempt) =>
        state is { Status: RunStatus.Running, Outcome: null }
        && state.Servers[server] is { Status: ServerStatus.Launching } s
        && s.Attempt == attempt;

    private static void OnStopped(Draft draft, SandboxStopped e)
    {
        if (draft.State.Outcome is null || draft.State.Servers[e.Server].Status == ServerStatus.Stopped)
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
        if (!Alive(draft.State).Any())
        {
            Finish(draft);
        }
    }
}
