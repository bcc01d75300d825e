using Actors.Grains.Interfaces;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>The way in for new runs: to a free slot, into the queue, or refused.</summary>
internal sealed class SubmitDoor(RunServices services, SiloMembership membership, QueueGauge queue, HostKeeper keeper, RunActivations activations, WakeSignal wake)
{
    /// <summary>Makes a run durable. When a slot is free and nobody waits, it starts at once, in the same transaction; else it queues.</summary>
    /// <param name="queued">The run as it queues.</param>
    /// <param name="started">The run as it begins, made only when there is a slot.</param>
    /// <exception cref="RunRejectedException">The queue is full.</exception>
    public async Task<InsertResult> SubmitAsync(NewRun queued, Func<SiloId, NewRun> started, CancellationToken cancellationToken)
    {
        if (membership.Current is { } tenure && !queue.MustQueue && activations.Active.TryEnter(queued.State.Submitter, keeper.FairShare))
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

        var result = await services.Store.InsertAsync(queued, cancellationToken);
        if (result.Created)
        {
            queue.OnQueued();
            wake.Set();
            services.WakeUps.Send();
        }

        return result;
    }

    /// <summary>The run of an earlier request, when the queue takes no new one; null when it does.</summary>
    private async Task<InsertResult?> RefusedAsync(NewRun run, CancellationToken cancellationToken)
    {
        try
        {
            queue.Admit(run.Priority);
            return null;
        }
        catch (RunRejectedException) when (run.IdempotencyKey is not null)
        {
            if (await services.Store.FindAsync(run.State.Submitter, run.IdempotencyKey, cancellationToken) is { } earlier)
            {
                return earlier;
            }

            throw;
        }
    }

    private async Task<InsertResult?> InsertOwnedAsync(NewRun run, Tenure tenure)
    {
        var activated = false;
        try
        {
            var result = await services.Store.InsertAsync(run, tenure.Over);
            if (result.Created)
            {
                activated = true;
                activations.Activate(new ClaimedRun(result.Run with { State = run.State }, []), tenure, fresh: true);
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
                activations.Active.Leave(run.State.Submitter);
            }
        }
    }
}
