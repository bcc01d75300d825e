using System.Globalization;
using Actors.Grains.Interfaces;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>Reports on one run to one call: its changes, and between them what the server of the running call says of its own progress, at most a few times a second.</summary>
internal sealed class ProgressReporter(McpServer server, ProgressToken token, TimeProvider time)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    // After an answer that told nothing: the call may not have reached its server yet.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private int _sent;
    private volatile bool _isBroken;

    /// <summary>Reports the run as it is, then waits for its next version, reporting its server's progress meanwhile.</summary>
    /// <param name="grain">The run.</param>
    /// <param name="run">As it is known.</param>
    /// <param name="most">How long to wait.</param>
    /// <param name="waiting">Ends the wait.</param>
    /// <param name="cancellationToken">Ends the call; a report under way is given up for nothing less, or half of it would stand in the stream.</param>
    public async Task<RunView?> FollowAsync(IRunGrain grain, RunView run, TimeSpan most, CancellationToken waiting, CancellationToken cancellationToken)
    {
        await ReportAsync(run, RunText.Doing(run), cancellationToken);
        if (!run.Steps.Any(s => s.Status == StepStatus.Running))
        {
            return await grain.WaitAsync(run.Version, most, waiting);
        }

        using var changed = CancellationTokenSource.CreateLinkedTokenSource(waiting);
        var forwarding = ForwardAsync(grain, run, changed.Token, cancellationToken);
        try
        {
            return await grain.WaitAsync(run.Version, most, waiting);
        }
        finally
        {
            await changed.CancelAsync();
            await forwarding;
        }
    }

    private async Task ForwardAsync(IRunGrain grain, RunView run, CancellationToken changed, CancellationToken cancellationToken)
    {
        var seen = -1.0;
        try
        {
            // A call that is answered soon needs no report, and asks nobody.
            await Task.Delay(Pace, time, changed);
            while (true)
            {
                if (await grain.GetProgressAsync(seen, changed) is { } progress)
                {
                    seen = progress.Progress;
                    await ReportAsync(run, $"{RunText.Doing(run)} ({Words(progress)})", cancellationToken);
                    await Task.Delay(Pace, time, changed);
                }
                else
                {
                    await Task.Delay(Pause, time, changed);
                }
            }
        }
        catch (OperationCanceledException) when (changed.IsCancellationRequested)
        {
            // The run changed, or nobody waits any more.
        }
    }

    // A count grows, as a progress value must; how far the run is stands in the words.
    private async Task ReportAsync(RunView run, string doing, CancellationToken cancellationToken)
    {
        if (_isBroken)
        {
            return;
        }

        var finished = run.Steps.Count(s => s.Status == StepStatus.Succeeded);
        var value = new ProgressNotificationValue { Progress = ++_sent, Message = $"{run.RunId}: {doing}; {finished} of {run.Steps.Count} steps done" };
        try
        {
            await server.NotifyProgressAsync(token, value, cancellationToken: cancellationToken);
        }
        catch (IOException)
        {
            // The stream broke. What that means for the call is said by its token, not by a report that got lost.
            _isBroken = true;
        }
    }

    private static string Words(CallProgressView progress)
    {
        var figures = progress.Total is { } total
            ? string.Create(CultureInfo.InvariantCulture, $"{progress.Progress} of {total}")
            : progress.Progress.ToString(CultureInfo.InvariantCulture);
        return progress.Message is { Length: > 0 } message ? $"{figures}, {message}" : figures;
    }
}
