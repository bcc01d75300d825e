using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>Works on the runs that this silo owns, each by its activation, and gives up those that break.</summary>
/// <param name="slotFreed">Called whenever a slot may have become free.</param>
internal sealed partial class RunActivations(RunServices services, RunOptions options, ActiveRuns active, Reminders reminders, Action slotFreed, CancellationToken stopping)
{
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private readonly TaskGroup _tasks = new();

    /// <summary>Those at work, and the slots that they take.</summary>
    public ActiveRuns Active => active;

    /// <summary>Ends when every activation has.</summary>
    public Task AllAsync() => _tasks.AllAsync();

    /// <summary>Works on a run that has its slot.</summary>
    /// <param name="fresh">It was made by this silo a moment ago.</param>
    public RunActivation Activate(ClaimedRun run, Tenure tenure, bool fresh)
    {
        var activation = new RunActivation(run, tenure, services, options) { OnDue = reminders.Note, OnRest = Rest };
        Active.Add(activation);
        _tasks.Add(OwnAsync(activation, fresh));
        return activation;
    }

    private async Task OwnAsync(RunActivation activation, bool fresh)
    {
        await Task.Yield();
        try
        {
            await activation.RunAsync(fresh, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested || !activation.Tenure.Holds)
        {
            // The silo stops or is no member any more: whoever owns the run next goes on.
        }
        catch (LostOwnershipException e)
        {
            LogLost(services.Log, e.Message);
            services.Metrics.Lost.Add(1);

            // It may be this silo's own commit, of which it did not hear.
            await GiveUpAsync(activation, activation.RestAfterLoss);
        }
        catch (Exception e)
        {
            var pause = activation.RestAfterFault;
            LogActivationFault(services.Log, e, activation.Id.Value, pause);
            services.Metrics.Faults.Add(1);
            await GiveUpAsync(activation, pause);
        }
        finally
        {
            Active.Remove(activation);
            services.Pulse.Signal(activation.Id);
            slotFreed();
        }
    }

    private void Rest(RunActivation activation, bool rests)
    {
        if (Active.Rest(activation, rests))
        {
            slotFreed();
        }
    }

    /// <summary>Lets any silo claim the run again; tries until it is done or owned no more.</summary>
    private async Task GiveUpAsync(RunActivation activation, TimeSpan pause)
    {
        var tenure = activation.Tenure;
        while (tenure.Holds && !stopping.IsCancellationRequested)
        {
            try
            {
                await services.Store.ReleaseAsync(tenure.Silo, activation.Owned, pause, tenure.Over);
                return;
            }
            catch (Exception e) when (tenure.Holds)
            {
                LogReleaseFault(services.Log, e, activation.Id.Value);
                await services.PauseAsync(FaultPause, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The activation of {RunId} failed; the run rests for {Pause}")]
    private static partial void LogActivationFault(ILogger logger, Exception exception, string runId, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId} cannot be given up; trying again")]
    private static partial void LogReleaseFault(ILogger logger, Exception exception, string runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped an activation: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
