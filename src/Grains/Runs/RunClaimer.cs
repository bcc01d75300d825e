using Actors.Grains.Interfaces;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>Takes runs from the store: those that are due, then queued ones, and one suspect at a time.</summary>
internal sealed class RunClaimer(RunServices services, RunOptions options, QueueGauge queue, RunActivations activations, WakeSignal wake)
{
    private const int MostPerClaim = 64;
    private static readonly TimeSpan SuspectPause = TimeSpan.FromMilliseconds(500);
    private RunActivation? _suspect;
    private long? _suspectAskedAt;

    // A command for a waiting run is heard even when every slot is taken.
    private int Reserve => Math.Max(4, options.MaxActive / 8);

    // The last claim before a run would be given up: its neighbours' crashes must not be taken for its own.
    private int SuspectStrikes => Math.Max(1, options.MaxStrikes - 1);

    /// <summary>Claims as slots become free, until cancelled.</summary>
    public async Task ClaimAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        var pace = new PollPace(services);
        while (true)
        {
            var taken = activations.Active.Taken;
            var slots = Math.Clamp(options.MaxActive + Reserve - taken, 0, MostPerClaim);
            var got = slots == 0 ? 0 : await ClaimAsync(tenure, slots, Math.Clamp(options.MaxActive - taken, 0, slots), cancellationToken);
            await wake.WaitAsync(pace.Next(got > 0), cancellationToken);
        }
    }

    private async Task<int> ClaimAsync(Tenure tenure, int slots, int queuedSlots, CancellationToken cancellationToken)
    {
        // Not cancelled at a stop: what is claimed by then is given back in good order.
        var suspect = TakesSuspect();
        var claim = new Claim(tenure.Silo, RunState.CurrentFormat, slots, options.MaxActivePerSubmitter, tenure.EpochFloor)
        {
            Timeline = tenure.Timeline,
            QueuedSlots = queuedSlots,
            SuspectStrikes = SuspectStrikes,
            TakesSuspect = suspect,
        };
        var claimed = await services.Store.ClaimAsync(claim, tenure.Over);
        queue.OnClaimed(queuedSlots, claimed.Count(c => c.Run.State.Status == RunStatus.Queued));
        services.Metrics.Claims.Add(claimed.Count);
        foreach (var run in claimed)
        {
            services.Metrics.Takeovers.Add(run.Run is { Epoch: > 1, State.Status: not RunStatus.Queued, Strikes: > 1 } ? 1 : 0);
            activations.Active.Enter(run.Run.State.Submitter);
            var activation = activations.Activate(run, tenure, fresh: false);
            _suspect = run.Run.Strikes > SuspectStrikes ? activation : _suspect;
        }

        return claimed.Count;
    }

    /// <summary>One suspect at a time, until it comes forward or ends; asked for now and then only, as there is hardly ever one.</summary>
    private bool TakesSuspect()
    {
        if (_suspect is { HasComeForward: false } suspect && activations.Active.Find(suspect.Id) == suspect)
        {
            return false;
        }

        var asks = _suspectAskedAt is not { } asked || services.Time.GetElapsedTime(asked) >= SuspectPause;
        _suspectAskedAt = asks ? services.Time.GetTimestamp() : _suspectAskedAt;
        return asks;
    }
}
