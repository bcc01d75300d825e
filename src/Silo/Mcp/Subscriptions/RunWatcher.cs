using Actors.Grains.Interfaces;
using Actors.Silo.Access;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>Follows runs from the database, so that any silo can tell of any run.</summary>
internal sealed class RunWatcher(RunDoor door)
{
    // Between two looks at whether the caller may still read it.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    /// <summary>Calls back after each change of a run, one call at a time and always with the newest state, until the run is done or gone, or the caller may not read it any more.</summary>
    /// <param name="caller">Who listens.</param>
    /// <param name="run">As it was when the caller began to listen.</param>
    /// <param name="changed">Awaited before the next look: a slow listener skips states and costs no memory.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async Task WatchAsync(Caller caller, OpenRun run, Func<OpenRun, CancellationToken, Task> changed, CancellationToken cancellationToken)
    {
        while (run.View.Status != RunStatus.Done)
        {
            await run.Grain.WaitAsync(run.View.Version, Look, cancellationToken);
            if (await OpenAsync(caller, run.View.RunId, cancellationToken) is not { } now)
            {
                return;
            }

            if (now.View.Version > run.View.Version)
            {
                await changed(now, cancellationToken);
            }

            run = now;
        }
    }

    /// <summary>A run that the caller may read, or null.</summary>
    public async Task<OpenRun?> OpenAsync(Caller caller, string runId, CancellationToken cancellationToken)
    {
        try
        {
            return await door.OpenAsync(caller, runId, Verb.ReadOwn, cancellationToken);
        }
        catch (RunRejectedException)
        {
            return null;
        }
    }
}
