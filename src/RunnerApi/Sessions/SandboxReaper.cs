using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <summary>Finds the sandboxes of an earlier process, then sweeps. An engine that fails is asked again at the next sweep.</summary>
internal sealed partial class SandboxReaper(SandboxRegistry registry, SessionServices services, ILogger<SandboxReaper> logger) : BackgroundService
{
    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.FromSeconds(services.Options.SweepSeconds);
        while (!stoppingToken.IsCancellationRequested)
        {
            await RunOnceAsync(stoppingToken);
            await Task.Delay(pause, services.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!registry.IsRestored)
            {
                await registry.RestoreAsync(cancellationToken);
            }

            await registry.SweepAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (SandboxException e)
        {
            LogEngineFailed(e, e.Fault);
        }
        catch (Exception e)
        {
            // One bad sweep must not end the reaper, or nothing would ever be stopped again.
            LogSweepFailed(e);
        }
    }

    [LoggerMessage(20, LogLevel.Error, "The sandbox engine failed during a sweep: {Fault}")]
    private partial void LogEngineFailed(Exception exception, SandboxFault fault);

    [LoggerMessage(21, LogLevel.Error, "A sweep failed")]
    private partial void LogSweepFailed(Exception exception);
}
