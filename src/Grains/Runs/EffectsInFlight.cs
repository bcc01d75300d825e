using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Store;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>What a run has going on outside, kept equal to what its state asks for.</summary>
internal sealed partial class EffectsInFlight(RunId id, RunServices services)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Work)> _inFlight = new(StringComparer.Ordinal);

    /// <summary>Starts effects that are wanted and cancels those that are not any more. Each posts one event at its end; one that is tried again tells of its first failure too.</summary>
    public void Reconcile(WorkflowDefinition definition, StoredRun run, IReadOnlyList<RunEffect> wanted, Action<RunEvent> post, CancellationToken cancellationToken)
    {
        foreach (var name in _inFlight.Keys.Where(n => !wanted.Any(w => w.Name == n)).ToList())
        {
            _inFlight.Remove(name, out var effect);
            Cancel(effect.Stop, effect.Work);
        }

        foreach (var effect in wanted)
        {
            var name = effect.Name;
            if (!_inFlight.ContainsKey(name))
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                _inFlight.Add(name, (stop, PerformAsync(definition, run, effect, post, stop)));
            }
        }
    }

    public void CancelAll()
    {
        foreach (var (stop, work) in _inFlight.Values)
        {
            Cancel(stop, work);
        }

        _inFlight.Clear();
    }

    private async Task PerformAsync(WorkflowDefinition definition, StoredRun run, RunEffect effect, Action<RunEvent> post, CancellationTokenSource stop)
    {
        try
        {
            var pause = FirstPause;
            for (var first = true; !await TryAsync(definition, run, effect, post, first, stop.Token); first = false)
            {
                await Task.Delay(services.Spread(pause), services.Time, stop.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The state does not ask for it any more, or the silo stops: the next owner finds it again in the state.
        }
        finally
        {
            stop.Dispose();
        }
    }

    /// <summary>True when nothing more has to be done for it.</summary>
    private async Task<bool> TryAsync(WorkflowDefinition definition, StoredRun run, RunEffect effect, Action<RunEvent> post, bool first, CancellationToken cancellationToken)
    {
        try
        {
            post(await services.Effects.PerformAsync(id, definition, run.State, effect, run.Epoch, cancellationToken));
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Without an event the run would wait for nothing.
            LogEffectFault(services.Log, e, id.Value, effect.Name);
            var error = e is RunnerException known ? new RunError(known.Code, known.Message) : new RunError("internal_error", $"A fault of the silo's own during '{effect.Name}'; its log tells more.");
            if (first)
            {
                post(new EffectFailed(services.Time.GetUtcNow(), effect.Name, error));
            }

            return !effect.IsPersistent;
        }
    }

    private static void Cancel(CancellationTokenSource stop, Task work)
    {
        // The usual end: no need to find out by an exception.
        if (work.IsCompleted)
        {
            return;
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The effect ended by itself.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId}: effect '{Effect}' failed")]
    private static partial void LogEffectFault(ILogger logger, Exception exception, string runId, string effect);
}
