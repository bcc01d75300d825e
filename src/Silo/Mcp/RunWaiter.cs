using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>Waits for a run's end and reports each change as progress. One notification is awaited before the next, so a slow reader costs no memory.</summary>
internal sealed class RunWaiter(IHostApplicationLifetime lifetime, TimeProvider time)
{
    public async Task<RunView> WaitAsync(OpenRun open, TimeSpan most, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var run = open.View;
        var start = time.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var reported = 0L;
        while (run.Status != RunStatus.Done && most - time.GetElapsedTime(start) is { Ticks: > 0 } left)
        {
            if (request.Params?.ProgressToken is { } token && run.Version > reported)
            {
                await request.Server.NotifyProgressAsync(token, Progress(run), cancellationToken: cancellationToken);
                reported = run.Version;
            }

            try
            {
                run = await open.Grain.WaitAsync(run.Version, left, patience.Token) ?? run;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The silo stops: the caller gets the run id now and waits elsewhere.
                break;
            }
        }

        return run;
    }

    // The version grows, as a progress value must; how far the steps are is in the words.
    private static ProgressNotificationValue Progress(RunView run)
    {
        var step = run.Steps.FirstOrDefault(s => s.Status == StepStatus.Running);
        var finished = run.Steps.Count(s => s.Status == StepStatus.Succeeded);
        var doing = (run.WaitingFor, step) switch
        {
            ({ Kind: WaitKind.Retry } retry, _) => $"step {retry.Step} is tried again at {retry.Until:u}",
            ({ } wait, _) => $"step {wait.Step} waits for {(wait.Kind == WaitKind.Approval ? "an approval" : $"signal {wait.Signal}")}",
            (_, { } call) => $"step {call.Id} calls {call.Tool} of {call.Server}",
            _ => run.Status.ToString().ToLowerInvariant(),
        };
        return new ProgressNotificationValue { Progress = run.Version, Message = $"{run.RunId}: {doing}; {finished} of {run.Steps.Count} steps done" };
    }
}
