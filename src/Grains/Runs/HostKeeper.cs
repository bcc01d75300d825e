using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>What a silo looks after at intervals: inboxes of its runs, the queue's depth, silos that are gone, and runs that it owns without knowing it.</summary>
internal sealed class HostKeeper(RunServices services, RunOptions options, ActiveRuns active, QueueGauge queue)
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaintenancePause = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ForEver = TimeSpan.FromDays(365 * 100);
    private readonly WakeSignal _look = new(services.Time);
    private HashSet<OwnedRun> _strays = [];
    private int _silos = 1;

    /// <summary>A silo's part of what one submitter may have active everywhere.</summary>
    public int FairShare => Math.Max(1, options.MaxActivePerSubmitter / Volatile.Read(ref _silos));

    /// <summary>Commands may have come.</summary>
    public void Look() => _look.Set();

    public async Task KeepAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        var time = services.Time;
        var sweep = options.Lease / 3;
        long? swept = null;
        long? measured = null;
        while (true)
        {
            // Commands make it look more often, which must not cost more with a long queue.
            if (measured is not { } before || time.GetElapsedTime(before) >= Tick / 2)
            {
                queue.Set(await services.Store.MeasureQueueAsync(queue.Most, RunState.CurrentFormat, options.MaxActivePerSubmitter, cancellationToken));
                measured = time.GetTimestamp();
            }

            await DeliverAsync(tenure, cancellationToken);
            if (swept is not { } last || time.GetElapsedTime(last) >= sweep)
            {
                await SweepAsync(tenure, cancellationToken);
                swept = time.GetTimestamp();
            }

            await _look.WaitAsync(services.Spread(Tick), cancellationToken);
        }
    }

    /// <summary>On its own, as it may take long.</summary>
    public async Task MaintainAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        try
        {
            await services.Store.MaintainAsync(options.Retention ?? ForEver, cancellationToken);
        }
        finally
        {
            await Task.Delay(services.Spread(MaintenancePause), services.Time, cancellationToken);
        }
    }

    private async Task DeliverAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        if (active.Count == 0)
        {
            return;
        }

        var commands = await services.Store.ReadInboxAsync(tenure.Silo, null, cancellationToken);
        foreach (var id in commands.Select(c => c.Run).Distinct())
        {
            active.Find(id)?.Look();
        }
    }

    private async Task SweepAsync(Tenure tenure, CancellationToken cancellationToken)
    {
        await services.Store.EvictAsync(options.Lease, cancellationToken);
        Volatile.Write(ref _silos, Math.Max(1, (await services.Store.ListSilosAsync(cancellationToken)).Count));

        // Owned by the database but not here, twice in a row: the answer of a claim or insert was lost.
        var strays = new HashSet<OwnedRun>();
        foreach (var owned in await services.Store.ListOwnedAsync(tenure.Silo, cancellationToken))
        {
            if (active.Find(owned.Id)?.Owned == owned)
            {
                continue;
            }

            if (_strays.Contains(owned))
            {
                await services.Store.ReleaseAsync(tenure.Silo, owned, TimeSpan.Zero, cancellationToken);
            }

            strays.Add(owned);
        }

        _strays = strays;
    }
}
