using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>Waits for a run's end and reports on the way. One report is awaited before the next, and it tells the newest: a slow reader costs no memory.</summary>
internal sealed class RunWaiter(IHostApplicationLifetime lifetime, TimeProvider time)
{
    public async Task<RunView> WaitAsync(OpenRun open, TimeSpan most, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var run = open.View;
        var start = time.GetTimestamp();
        var reporter = request.Params?.ProgressToken is { } token ? new ProgressReporter(request.Server, token, time) : null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            while (run.Status != RunStatus.Done && most - time.GetElapsedTime(start) is { Ticks: > 0 } left)
            {
                run = reporter is null
                    ? await open.Grain.WaitAsync(run.Version, left, patience.Token) ?? run
                    : await reporter.FollowAsync(open.Grain, run, left, patience.Token, cancellationToken) ?? run;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The silo stops: the caller gets the run id now and waits elsewhere.
        }

        return run;
    }
}
