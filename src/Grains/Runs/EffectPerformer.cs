using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runs;

/// <summary>Carries effects out at the runner and tells what came of them. Outcomes of the outside world are events, never exceptions.</summary>
internal sealed class EffectPerformer(IRunner runner, TimeProvider time)
{
    private const int MostToolPages = 20;

    // Well within the runner's shortest sensible OrphanGraceSeconds.
    private static readonly TimeSpan KeepInterval = TimeSpan.FromSeconds(30);

    /// <summary>Performs one effect of a run.</summary>
    public Task<RunEvent> PerformAsync(RunId run, WorkflowDefinition definition, RunState state, RunEffect effect, long fence, CancellationToken cancellationToken) => effect switch
    {
        DecideImage e => DecideAsync(definition.Servers[e.Server], e.Server, cancellationToken),
        LaunchSandbox e => LaunchAsync(run, definition.Servers[e.Server], state.Servers[e.Server].Reference!, e, fence, cancellationToken),
        CallTool e => CallAsync(run, definition.Step(e.Step), e, fence, cancellationToken),
        KeepSandbox e => KeepAsync(run, e, cancellationToken),
        StopSandbox e => StopAsync(run, e, fence, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(effect), effect.GetType().Name, "nothing performs this effect"),
    };

    /// <summary>What the server of the running call says of its progress, as soon as it is another than <paramref name="seen"/>; null when no call runs or it ended first.</summary>
    public async Task<CallProgress?> ProgressAsync(RunId run, WorkflowDefinition definition, RunState state, double seen, CancellationToken cancellationToken)
    {
        if (state.RunningStep is not { } step || definition.Step(step.Id).Server is not { } server)
        {
            return null;
        }

        try
        {
            var call = await runner.GetProgressAsync(SandboxId(run, server, state.Servers[server].Attempt), CallId(run, step.Id, step.Attempt), seen, cancellationToken);
            return call is { Status: CallStatus.Pending, Progress: { } progress } && progress.Progress != seen ? progress : null;
        }
        catch (RunnerException)
        {
            // Progress is a courtesy: whoever waits for the run learns of its end in the other way.
            return null;
        }
    }

    private static string CallId(RunId run, string step, int attempt) => $"{run}-{step}-{attempt}";

    private static string SandboxId(RunId run, string server, int attempt) => $"{run}-{server}-{attempt}";

    private async Task<RunEvent> DecideAsync(ServerDefinition server, string id, CancellationToken cancellationToken)
    {
        var decision = await runner.DecideAsync(new DecisionRequest(server.Image, server.Profile), cancellationToken);
        return new ImageDecided(time.GetUtcNow(), id, decision);
    }

    private async Task<RunEvent> LaunchAsync(RunId run, ServerDefinition server, string reference, LaunchSandbox effect, long fence, CancellationToken cancellationToken)
    {
        var id = SandboxId(run, effect.Server, effect.Attempt);
        try
        {
            if (effect.Attempt > 1)
            {
                await runner.StopAsync(SandboxId(run, effect.Server, effect.Attempt - 1), fence, cancellationToken);
            }

            var launch = await runner.LaunchAsync(
                new LaunchRequest
                {
                    Id = id,
                    Image = reference,
                    Args = server.Args,
                    Env = server.Env,
                    Secrets = server.Secrets,
                    Profile = server.Profile,
                    Limits = server.Limits,
                    Fence = fence,
                },
                cancellationToken);
            return await ReadyAsync(id, effect, launch.Decision, fence, cancellationToken);
        }
        catch (RunnerException e)
        {
            return Failed(effect, e.Code, e.Decision?.Reason ?? e.Message, null, e.Decision);
        }
    }

    private async Task<RunEvent> ReadyAsync(string id, LaunchSandbox effect, Decision decision, long fence, CancellationToken cancellationToken)
    {
        SandboxView? view;
        do
        {
            view = await runner.GetSandboxAsync(id, SandboxPhase.Starting, cancellationToken);
        }
        while (view is { Phase: SandboxPhase.Starting });

        if (view is not { Phase: SandboxPhase.Ready })
        {
            return Failed(effect, view?.ReasonCode ?? SandboxReasons.SandboxLost, view?.Reason ?? "The sandbox is gone and nobody saw it end.", view, null);
        }

        var tools = new List<ToolFacts>();
        string? cursor = null;
        for (var page = 1; page <= MostToolPages; page++)
        {
            var request = new CallRequest { Method = "tools/list", Params = JsonSerializer.SerializeToElement(cursor is null ? new object() : new { cursor }), Fence = fence };
            var answer = await AnswerAsync(id, $"{id}.tools.{page}", request, cancellationToken);
            if (answer is not { Status: CallStatus.Result, Result: { } result } || !ToolList.TryRead(result, tools, out cursor))
            {
                return Failed(effect, "tools_not_listed", $"Server '{effect.Server}' did not list its tools: {answer.Error?.Message ?? "the answer is malformed"}.", view, null);
            }

            if (cursor is null)
            {
                return new SandboxLaunched(time.GetUtcNow(), effect.Server, effect.Attempt, view, decision, tools);
            }
        }

        return Failed(effect, "tools_not_listed", $"Server '{effect.Server}' lists its tools on more than {MostToolPages} pages.", view, null);
    }

    private async Task<RunEvent> CallAsync(RunId run, StepDefinition step, CallTool effect, long fence, CancellationToken cancellationToken)
    {
        var sandbox = SandboxId(run, effect.Server, effect.SandboxAttempt);
        var request = new CallRequest
        {
            Method = "tools/call",
            Params = JsonSerializer.SerializeToElement(new { name = step.Tool, arguments = effect.Arguments }),
            TimeoutSeconds = (int)Math.Ceiling(step.Timeout.TotalSeconds),
            Fence = fence,
        };
        try
        {
            var answer = await AnswerAsync(sandbox, CallId(run, effect.Step, effect.Attempt), request, cancellationToken);
            var now = time.GetUtcNow();
            return answer switch
            {
                { Status: CallStatus.Result, Result: { ValueKind: JsonValueKind.Object } result } => new CallAnswered(now, effect.Step, effect.Attempt, result, answer.DurationMs),
                { Status: CallStatus.Unknown } => new CallUnknown(now, effect.Step, effect.Attempt, answer.Error?.Code ?? SandboxReasons.SandboxLost, answer.Error?.Message ?? "no answer can come"),
                { Error: { } error } => new CallFailed(now, effect.Step, effect.Attempt, new RunError(error.Code, $"Tool '{step.Tool}' of server '{step.Server}' failed: {error.Message}", step.Id, step.Server)),
                _ => new CallFailed(now, effect.Step, effect.Attempt, new RunError("invalid_result", $"Server '{step.Server}' answered '{step.Tool}' with a result that is no object.", step.Id, step.Server)),
            };
        }
        catch (RunnerException e) when (e.Code == ProblemCodes.NotFound)
        {
            return new CallUnknown(time.GetUtcNow(), effect.Step, effect.Attempt, SandboxReasons.SandboxLost, "the runner knows no such sandbox any more");
        }
        catch (RunnerException e) when (e.Code == ProblemCodes.SandboxEnded)
        {
            // The runner keeps a mark of every call it sent: this one was not.
            var view = await runner.GetSandboxAsync(sandbox, null, cancellationToken);
            var reason = $"Server '{step.Server}' ended before '{step.Tool}' was called: {view?.Reason ?? e.Message}";
            return new CallFailed(time.GetUtcNow(), effect.Step, effect.Attempt, new RunError(view?.ReasonCode ?? SandboxReasons.ServerExited, reason, step.Id, step.Server));
        }
        catch (RunnerException e)
        {
            return new CallFailed(time.GetUtcNow(), effect.Step, effect.Attempt, new RunError(e.Code, $"The runner did not take the call of '{step.Tool}': {e.Message}", step.Id, step.Server));
        }
    }

    private async Task<CallView> AnswerAsync(string sandbox, string callId, CallRequest request, CancellationToken cancellationToken)
    {
        var view = await runner.SendCallAsync(sandbox, callId, request, cancellationToken);
        while (view is { Status: CallStatus.Pending })
        {
            view = await runner.GetCallAsync(sandbox, callId, cancellationToken)
                ?? new CallView { CallId = callId, Status = CallStatus.Unknown, Error = new CallError(SandboxReasons.SandboxLost, "the runner knows no such call any more") };
        }

        return view;
    }

    private async Task<RunEvent> KeepAsync(RunId run, KeepSandbox effect, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(KeepInterval, time, cancellationToken);
            try
            {
                var view = await runner.GetSandboxAsync(SandboxId(run, effect.Server, effect.Attempt), null, cancellationToken);
                if (view is not { Phase: SandboxPhase.Ready })
                {
                    return new SandboxEnded(time.GetUtcNow(), effect.Server, effect.Attempt, view);
                }
            }
            catch (RunnerException)
            {
                // The next look may succeed; if the sandbox is gone, its next call tells.
            }
        }
    }

    private async Task<RunEvent> StopAsync(RunId run, StopSandbox effect, long fence, CancellationToken cancellationToken)
    {
        var id = SandboxId(run, effect.Server, effect.Attempt);
        var lastSeen = await runner.GetSandboxAsync(id, null, cancellationToken);
        var end = await runner.StopAsync(id, fence, cancellationToken);

        // How it was before it was stopped, with all it did until it was gone.
        return new SandboxStopped(time.GetUtcNow(), effect.Server, effect.Attempt, end is null ? lastSeen : lastSeen is null ? end : lastSeen with { Evidence = end.Evidence });
    }

    private SandboxFailed Failed(LaunchSandbox effect, string code, string message, SandboxView? view, Decision? refusal) =>
        new(time.GetUtcNow(), effect.Server, effect.Attempt, new RunError(refusal?.Code ?? code, $"Server '{effect.Server}' did not start: {message}", Server: effect.Server), view, refusal);
}
