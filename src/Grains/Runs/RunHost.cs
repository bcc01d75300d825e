using Actors.Grains.Interfaces;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>Carries runs while this silo is a member: claims them as slots become free, activates them, and gives them up in good order at a stop.</summary>
internal sealed partial class RunHost : IAsyncDisposable
{
    private const int MostPerClaim = 64;
    private const int RestingPerSlot = 8;
    private static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SuspectPause = TimeSpan.FromMilliseconds(500);
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
    private readonly TaskGroup _activations = new();
    private RunActivation? _suspect;
    private long? _suspectAskedAt;

    public RunHost(RunServices services, RunOptions options, SiloMembership membership)
    {
        _services = services;
        _options = options;
        _membership = membership;
        _active = new ActiveRuns(services.Metrics, options.MaxActive * RestingPerSlot);
        _queue = new QueueGauge(options, services.Metrics);
        _reminders = new Reminders(_active, services.Time);
        _keeper = new HostKeeper(services, options, _active, _queue);
        _wake = new WakeSignal(services.Time);
    }

    /// <summary>True while it takes work.</summary>
    public bool IsServing => !_stopping.IsCancellationRequested && _membership.Current is not null;

    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Joins the others and begins to work.</summary>
    public void Start()
    {
        _membership.Start();
        _work.Add(LoopAsync(ClaimAsync));
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

    /// <summary>Makes a run durable. When a slot is free and nobody waits, it starts at once, in the same transaction; else it queues.</summary>
    /// <param name="queued">The run as it queues.</param>
    /// <param name="started">The run as it begins, made only when there is a slot.</param>
    /// <exception cref="RunRejectedException">The queue is full.</exception>
    public async Task<InsertResult> SubmitAsync(NewRun queued, Func<SiloId, NewRun> started, CancellationToken cancellationToken)
    {
        if (_membership.Current is { } tenure && !_queue.MustQueue && _active.TryEnter(queued.State.Submitter, _options.MaxActive, _keeper.FairShare))
        {
            // Not cancelled with the caller: a run that is owned must be worked on.
            if (await InsertOwnedAsync(started(tenure.Silo), tenure).WaitAsync(cancellationToken) is { } inserted)
            {
                return inserted;
            }
        }

        if (await RefusedAsync(queued, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        var result = await _services.Store.InsertAsync(queued, cancellationToken);
        if (result.Created)
        {
            _queue.OnQueued();
            _wake.Set();
            _services.WakeUps.Send();
        }

        return result;
    }

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

    /// <summary>The run of an earlier request, when the queue takes no new one; null when it does.</summary>
    private async Task<InsertResult?> RefusedAsync(NewRun run, CancellationToken cancellationToken)
    {
        try
        {
            _queue.Admit(run.Priority);
            return null;
        }
        catch (RunRejectedException) when (run.IdempotencyKey is not null)
        {
            if (await _services.Store.FindAsync(run.State.Submitter, run.IdempotencyKey, cancellationToken) is { } earlier)
            {
                return earlier;
            }

            throw;
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

    private async Task<InsertResult?> InsertOwnedAsync(NewRun run, Tenure tenure)
    {
        var activated = false;
        try
        {
            var result = await _services.Store.InsertAsync(run, tenure.Over);
            if (result.Created)
            {
                activated = true;
                Activate(new ClaimedRun(result.Run with { State = run.State }, []), tenure, fresh: true);
            }

            return result;
        }
        catch (LostOwnershipException)
        {
            return null;
        }
        catch (OperationCanceledException) when (tenure.Over.IsCancellationRequested)
        {
            throw new RunRejectedException(new RunError("unavailable", "The silo lost its membership while it stored the run, which may or may not be there. Repeat the request with the same idempotency key.") { RetryAfterSeconds = 1 });
        }
        finally
        {
            if (!activated)
            {
                _active.Leave(run.State.Submitter);
            }
        }
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
                await PauseAsync(FaultPause, ends);
            }
        }
    }

    private async Task HearAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        await _services.WakeUps.WaitAsync(HintPause, cancellationToken);
        _wake.Set();
        _keeper.Look();
    }

    private async Task ClaimAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        var pace = new PollPace(_services.Random);
        while (true)
        {
            var taken = _active.Taken;
            var slots = Math.Clamp(_options.MaxActive + Reserve - taken, 0, MostPerClaim);
            var got = slots == 0 ? 0 : await ClaimAsync(tenure, slots, Math.Clamp(_options.MaxActive - taken, 0, slots), cancellationToken);
            await _wake.WaitAsync(pace.Next(got > 0), cancellationToken);
        }
    }

    // A command for a waiting run is heard even when every slot is taken.
    private int Reserve => Math.Max(4, _options.MaxActive / 8);

    private async Task<int> ClaimAsync(Tenure tenure, int slots, int queuedSlots, CancellationToken cancellationToken)
    {
        // Not cancelled at a stop: what is claimed by then is given back in good order.
        var suspect = TakesSuspect();
        var claim = new Claim(tenure.Silo, RunState.CurrentFormat, slots, _options.MaxActivePerSubmitter, tenure.EpochFloor)
        {
            Timeline = tenure.Timeline,
            QueuedSlots = queuedSlots,
            SuspectStrikes = SuspectStrikes,
            TakesSuspect = suspect,
        };
        var claimed = await _services.Store.ClaimAsync(claim, tenure.Over);
        _queue.OnClaimed(queuedSlots, claimed.Count(c => c.Run.State.Status == RunStatus.Queued));
        _services.Metrics.Claims.Add(claimed.Count);
        foreach (var run in claimed)
        {
            _services.Metrics.Takeovers.Add(run.Run is { Epoch: > 1, State.Status: not RunStatus.Queued, Strikes: > 1 } ? 1 : 0);
            _active.Enter(run.Run.State.Submitter);
            var activation = Activate(run, tenure, fresh: false);
            _suspect = run.Run.Strikes > SuspectStrikes ? activation : _suspect;
        }

        return claimed.Count;
    }

    // The last claim before a run would be given up: its neighbours' crashes must not be taken for its own.
    private int SuspectStrikes => Math.Max(1, _options.MaxStrikes - 1);

    /// <summary>One suspect at a time, until it comes forward or ends; asked for now and then only, as there is hardly ever one.</summary>
    private bool TakesSuspect()
    {
        if (_suspect is { HasComeForward: false } suspect && _active.Find(suspect.Id) == suspect)
        {
            return false;
        }

        var asks = _suspectAskedAt is not { } asked || _services.Time.GetElapsedTime(asked) >= SuspectPause;
        _suspectAskedAt = asks ? _services.Time.GetTimestamp() : _suspectAskedAt;
        return asks;
    }

    private RunActivation Activate(ClaimedRun run, Tenure tenure, bool fresh)
    {
        var activation = new RunActivation(run, tenure, _services, _options) { OnDue = _reminders.Note, OnRest = Rest };
        _active.Add(activation);
        _activations.Add(OwnAsync(activation, fresh));
        return activation;
    }

    private async Task OwnAsync(RunActivation activation, bool fresh)
    {
        await Task.Yield();
        try
        {
            await activation.RunAsync(fresh, _stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested || !activation.Tenure.Holds)
        {
            // The silo stops or is no member any more: whoever owns the run next goes on.
        }
        catch (LostOwnershipException e)
        {
            LogLost(_services.Log, e.Message);
            _services.Metrics.Lost.Add(1);

            // It may be this silo's own commit, of which it did not hear.
            await GiveUpAsync(activation, activation.RestAfterLoss);
        }
        catch (Exception e)
        {
            var pause = activation.RestAfterFault;
            LogActivationFault(_services.Log, e, activation.Id.Value, pause);
            _services.Metrics.Faults.Add(1);
            await GiveUpAsync(activation, pause);
        }
        finally
        {
            _active.Remove(activation);
            _services.Pulse.Signal(activation.Id);
            WakeForQueue();
        }
    }

    private void Rest(RunActivation activation, bool rests)
    {
        if (_active.Rest(activation, rests))
        {
            WakeForQueue();
        }
    }

    private void WakeForQueue()
    {
        if (_queue.MustQueue)
        {
            _wake.Set();
        }
    }

    /// <summary>Lets any silo claim the run again; tries until it is done or owned no more.</summary>
    private async Task GiveUpAsync(RunActivation activation, TimeSpan pause)
    {
        var tenure = activation.Tenure;
        while (tenure.Holds && !_stopping.IsCancellationRequested)
        {
            try
            {
                await _services.Store.ReleaseAsync(tenure.Silo, activation.Owned, pause, tenure.Over);
                return;
            }
            catch (Exception e) when (tenure.Holds)
            {
                LogReleaseFault(_services.Log, e, activation.Id.Value);
                await PauseAsync(FaultPause, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause * (0.75 + (_services.Random.NextDouble() / 2)), _services.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Whoever called looks at the token.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A loop of the silo failed; it goes on")]
    private static partial void LogLoopFault(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The activation of {RunId} failed; the run rests for {Pause}")]
    private static partial void LogActivationFault(ILogger logger, Exception exception, string runId, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId} cannot be given up; trying again")]
    private static partial void LogReleaseFault(ILogger logger, Exception exception, string runId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped an activation: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drained for as long as allowed; {Count} runs are given up as they are stored")]
    private static partial void LogDrainOver(ILogger logger, int count);
}
