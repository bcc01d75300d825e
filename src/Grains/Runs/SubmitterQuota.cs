using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>Bounds the unfinished runs of each submitter: those that are stored, and those that this silo is storing.</summary>
internal sealed class SubmitterQuota(IRunStore store)
{
    private const int RetrySeconds = 5;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<RunId>> _entering = new(StringComparer.Ordinal);

    /// <summary>A place for the run, held until it is stored or given up; null when there is none.</summary>
    public async Task<IDisposable?> EnterAsync(string submitter, RunId run, int most, CancellationToken cancellationToken)
    {
        var (place, before) = Take(submitter, run);
        try
        {
            // Those that entered before may be stored by now: counted once.
            var stored = await store.ListUnfinishedAsync(submitter, most, cancellationToken);
            if (stored.Union(before).Count() < most)
            {
                return place;
            }
        }
        catch
        {
            place.Dispose();
            throw;
        }

        place.Dispose();
        return null;
    }

    /// <summary>What a submitter without a place is told.</summary>
    public static RunRejectedException Refusal(int most) => new(
        new RunError("too_many_runs", $"You have {most} runs that are not done, which is your limit. Wait for one or cancel one, then try again with the same idempotency key.") { RetryAfterSeconds = RetrySeconds });

    private (Place Place, List<RunId> Before) Take(string submitter, RunId run)
    {
        lock (_lock)
        {
            if (!_entering.TryGetValue(submitter, out var entering))
            {
                _entering[submitter] = entering = [];
            }

            List<RunId> before = [.. entering];
            entering.Add(run);
            return (new Place(this, submitter, run), before);
        }
    }

    private void Leave(string submitter, RunId run)
    {
        lock (_lock)
        {
            if (_entering.TryGetValue(submitter, out var entering) && entering.Remove(run) && entering.Count == 0)
            {
                _entering.Remove(submitter);
            }
        }
    }

    private sealed class Place(SubmitterQuota quota, string submitter, RunId run) : IDisposable
    {
        public void Dispose() => quota.Leave(submitter, run);
    }
}
