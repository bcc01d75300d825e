using System.Collections.Concurrent;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>Activates runs: recovers those that were under way, starts queued ones as slots become free, fires reminders.</summary>
internal sealed partial class RunHost(RunServices services, RunOptions options) : IAsyncDisposable
{
    private const int Batch = 256;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<RunId, Lazy<Active>> _active = new();
    private readonly ConcurrentDictionary<string, WorkflowDefinition> _definitions = new(StringComparer.Ordinal);
    private readonly ActivationFaults _faults = new(services.Time);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private Task _pump = Task.CompletedTask;

    /// <summary>Recovers what was under way and begins to work.</summary>
    public void Start() => _pump = PumpAsync(_stopping.Token);

    /// <summary>A run was queued, or a slot became free.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Delivers a command to the run, whether it is active or not. It is durable when this returns.</summary>
    public async Task PostAsync(RunId id, RunEvent @event, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_stopping.IsCancellationRequested)
            {
                throw new RunRejectedException(new RunError("shutting_down", "This silo is shutting down and did not take the request. Repeat it."));
            }

            var active = Activate(id);
            try
            {
                await active.Activation.PostAsync(@event).WaitAsync(cancellationToken);
                return;
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested && !_stopping.IsCancellationRequested)
            {
                // The activation ended before it took the event: the run is done, or the next activation takes it.
                await active.Ended.WaitAsync(cancellationToken);
                if (await services.Store.LoadAsync(id, cancellationToken) is not { State.Status: not RunStatus.Done })
                {
                    return;
                }
            }
        }
    }

    /// <summary>A definition by its hash, from memory or the store.</summary>
    public async Task<WorkflowDefinition> DefinitionAsync(string hash, CancellationToken cancellationToken)
    {
        if (!_definitions.TryGetValue(hash, out var definition))
        {
            definition = await services.Store.LoadDefinitionAsync(hash, cancellationToken) ?? throw new InvalidOperationException($"the definition {hash} is missing from the store");
            _definitions.TryAdd(hash, definition);
        }

        return definition;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _pump;
        await Task.WhenAll(_active.Values.Select(a => a.Value.Ended));
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        long? lastSweep = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (lastSweep is not { } last || services.Time.GetElapsedTime(last) >= Tick)
                {
                    lastSweep = services.Time.GetTimestamp();
                    await SweepAsync(cancellationToken);
                }

                await FillAsync(cancellationToken);
                await WokenAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogPumpFault(services.Log, e);
                await Task.Delay(Tick, services.Time, CancellationToken.None);
            }
        }
    }

    private async Task WokenAsync(CancellationToken cancellationToken)
    {
        await _wake.WaitAsync(Tick, cancellationToken);

        // One look at the store serves all who woke us meanwhile.
        while (_wake.CurrentCount > 0 && await _wake.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        await RecoverAsync(RunStatus.Verifying, cancellationToken);
        await RecoverAsync(RunStatus.Running, cancellationToken);
        await RemindAsync(cancellationToken);
    }

    /// <summary>Activates runs that are under way and not active here: all of them at start, later those whose activation broke.</summary>
    private async Task RecoverAsync(RunStatus status, CancellationToken cancellationToken)
    {
        foreach (var id in await services.Store.FindAsync(status, Batch + _active.Count, cancellationToken))
        {
            if (!_faults.IsResting(id))
            {
                Activate(id);
            }
        }
    }

    private async Task RemindAsync(CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        foreach (var id in await services.Store.FindDueAsync(now, Batch, cancellationToken))
        {
            if (_faults.IsResting(id))
            {
                continue;
            }

            _ = Activate(id).Activation.PostAsync(new ReminderFired(now));
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        var free = options.MaxActive - _active.Count;
        if (free <= 0)
        {
            return;
        }

        foreach (var id in await services.Store.FindAsync(RunStatus.Queued, free, cancellationToken))
        {
            if (!_active.ContainsKey(id) && !_faults.IsResting(id))
            {
                _ = Activate(id).Activation.PostAsync(new Started(services.Time.GetUtcNow()));
            }
        }
    }

    private Active Activate(RunId id)
    {
        // Only the entry that got into the directory is ever started.
        Lazy<Active>? own = null;
        own = new Lazy<Active>(() =>
        {
            var activation = new RunActivation(id, services);
            return new Active(activation, Task.Run(() => OwnAsync(activation, own!), CancellationToken.None));
        });
        return _active.GetOrAdd(id, own).Value;
    }

    private async Task OwnAsync(RunActivation activation, Lazy<Active> entry)
    {
        var ended = false;
        try
        {
            await activation.RunAsync(_stopping.Token);
            ended = true;
            _faults.Forget(activation.Id);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The silo stops; the run goes on at its next start.
        }
        catch (LostOwnershipException e)
        {
            LogLost(services.Log, e.Message);
        }
        catch (Exception e)
        {
            LogActivationFault(services.Log, e, activation.Id.Value, _faults.Add(activation.Id));
        }
        finally
        {
            _active.TryRemove(KeyValuePair.Create(activation.Id, entry));
            services.Pulse.Signal(activation.Id);
            if (ended)
            {
                Wake();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The silo's pump failed; it goes on")]
    private static partial void LogPumpFault(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The activation of {RunId} failed; the run is recovered from the store in {Pause}")]
    private static partial void LogActivationFault(ILogger logger, Exception exception, string runId, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped an activation: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    private sealed record Active(RunActivation Activation, Task Ended);
}
