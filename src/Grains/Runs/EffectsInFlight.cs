using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Store;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>What a run has going on outside, kept equal to what its state asks for.</summary>
internal sealed partial class EffectsInFlight(RunId id, RunServices services)
{
    private readonly Dictionary<string, CancellationTokenSource> _inFlight = new(StringComparer.Ordinal);

    /// <summary>Starts effects that are wanted and cancels those that are not any more. Each posts one event at its end.</summary>
    public void Reconcile(WorkflowDefinition definition, StoredRun run, IReadOnlyList<RunEffect> wanted, Action<RunEvent> post, CancellationToken cancellationToken)
    {
        foreach (var name in _inFlight.Keys.Where(n => !wanted.Any(w => w.Name == n)).ToList())
        {
            _inFlight.Remove(name, out var stop);
            Cancel(stop!);
        }

        foreach (var effect in wanted)
        {
            var name = effect.Name;
            if (!_inFlight.ContainsKey(name))
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                _inFlight.Add(name, stop);
                _ = PerformAsync(definition, run, effect, post, stop);
            }
        }
    }

    public void CancelAll()
    {
        foreach (var stop in _inFlight.Values)
        {
            Cancel(stop);
        }

        _inFlight.Clear();
    }

    private async Task PerformAsync(WorkflowDefinition definition, StoredRun run, RunEffect effect, Action<RunEvent> post, CancellationTokenSource stop)
    {
        try
        {
            post(await services.Effects.PerformAsync(id, definition, run.State, effect, run.Epoch, stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The state does not ask for it any more, or the silo stops: the next owner finds it again in the state.
        }
        catch (Exception e)
        {
            // Without an event the run would wait for nothing.
            LogEffectFault(services.Log, e, id.Value, effect.Name);
            var error = e is RunnerException known ? new RunError(known.Code, known.Message) : new RunError("internal_error", $"A fault of the silo's own during '{effect.Name}'; its log tells more.");
            post(new EffectFailed(services.Time.GetUtcNow(), effect.Name, error));
        }
        finally
        {
            stop.Dispose();
        }
    }

    private static void Cancel(CancellationTokenSource stop)
    {
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
