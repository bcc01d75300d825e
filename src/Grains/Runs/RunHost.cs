using Actors.Grains.Interfaces;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>Carries runs while this silo is a member, and gives them up in good order at a stop.</summary>
internal sealed partial class RunHost : IAsyncDisposable
{
    private const int RestingPerSlot = 8;
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HintPause = TimeSpan.FromSeconds(30);
    private readonly RunServices _services;
    private readonly RunOptions _options;
    private readonly SiloMembership _membership;
    private readonly ActiveRuns _active;
    private readonly QueueGauge _queue;
    private readonly Reminders _reminders;
    private readonly HostKeeper _keeper;
    private readonly WakeSignal _wake;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskGroup _work = new();
    private readonly RunActivations _activations;
    private readonly RunClaimer _claimer;
    private readonly SubmitDoor _door;

    public RunHost(RunServices services, RunOptions options, SiloMembership membership)
    {
        _services = services;
        _options = options;
        _membership = membership;
        _active = new ActiveRuns(services.Metrics, options.MaxActive, options.MaxActive * RestingPerSlot);
        _queue = new QueueGauge(options, services.Metrics);
        _reminders = new Reminders(_active, services.Time);
        _keeper = new HostKeeper(services, options, _active, _queue);
        _wake = new WakeSignal(services.Time);
        _activations = new RunActivations(services, options, _active, _reminders, OnSlotFreed, _stopping.Token);
        _claimer = new RunClaimer(services, options, _queue, _activations, _wake);
        _door = new SubmitDoor(services, membership, _queue, _keeper, _activations, _wake);
    }

    /// <summary>True while it takes work.</summary>
    public bool IsServing => !_stopping.IsCancellationRequested && _membership.Current is not null;

    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Joins the others and begins to work.</summary>
    public void Start()
    {
        _membership.Start();
        _work.Add(LoopAsync(_claimer.ClaimAsync));
        _work.Add(LoopAsync(_keeper.KeepAsync));
        _work.Add(LoopAsync(_keeper.MaintainAsync));
        _work.Add(LoopAsync(HearAsync));
    }

    /// <summary>There may be something to claim.</summary>
    public void Wake() => _wake.Set();

    public bool IsActive(RunId id) => _active.Find(id) is not null;

    /// <summary>Ends when this silo may take submits.</summary>
    /// <exception cref="RunRejectedException">It stops, or reaches no store.</exception>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested)
        {
            throw new RunRejectedException(new RunError("shutting_down", "This silo is shutting down and did not take the request. Repeat it.") { RetryAfterSeconds = 1 });
        }

        if (_membership.HasJoined)
        {
            return;
        }

        try
        {
            await _membership.JoinedOnceAsync(JoinPatience, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RunRejectedException(new RunError("unavailable", "This silo has not reached its database yet. Repeat the request.") { RetryAfterSeconds = 5 });
        }
    }

    /// <inheritdoc cref="SubmitDoor.SubmitAsync" />
    public Task<InsertResult> SubmitAsync(NewRun queued, Func<SiloId, NewRun> started, CancellationToken cancellationToken) => _door.SubmitAsync(queued, started, cancellationToken);

    /// <summary>Puts a command into the run's inbox; false when the run is finished or unknown.</summary>
    public async Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken)
    {
        var taken = await _services.Store.PostAsync(id, command, cancellationToken);
        if (taken)
        {
            Hear(id);
        }

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        _stopping.Cancel();
        await _work.AllAsync();
        try
        {
            await _activations.AllAsync().WaitAsync(_options.Drain, _services.Time);
        }
        catch (TimeoutException)
        {
            LogDrainOver(_services.Log, _active.Count);
        }

        await _membership.LeaveAsync(_options.Drain);
        await _activations.AllAsync();
        _services.WakeUps.Send();
        _reminders.Dispose();
    }

    private void OnSlotFreed()
    {
        if (_queue.MustQueue)
        {
            _wake.Set();
        }
    }

    private void Hear(RunId id)
    {
        if (_active.Find(id) is { } here)
        {
            here.Look();
            return;
        }

        _wake.Set();
        _services.WakeUps.Send();
    }

    /// <summary>Serves one tenure after the other until the silo stops.</summary>
    private async Task LoopAsync(Func<Tenure, CancellationToken, Task> serve)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var tenure = await _membership.CurrentAsync(_stopping.Token);
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, tenure.Over);
                await ServeAsync(serve, tenure, ends.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Func<Tenure, CancellationToken, Task> serve, Tenure tenure, CancellationToken ends)
    {
        while (!ends.IsCancellationRequested)
        {
            try
            {
                await serve(tenure, ends);
            }
            catch (OperationCanceledException) when (ends.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFault(_services.Log, e);
                await _services.PauseAsync(FaultPause, ends);
            }
        }
    }

    private async Task HearAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        await _services.WakeUps.WaitAsync(HintPause, cancellationToken);
        _wake.Set();
        _keeper.Look();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A loop of the silo failed; it goes on")]
    private static partial void LogLoopFault(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drained for as long as allowed; {Count} runs are given up as they are stored")]
    private static partial void LogDrainOver(ILogger logger, int count);
}
