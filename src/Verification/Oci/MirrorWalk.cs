using System.Collections.Concurrent;

namespace Actors.Verification.Oci;

/// <summary>Asks a repository's mirrors in order, then its registry. Whatever a mirror gives is checked like the registry's own, so a bad mirror costs time only, and one that hangs does so once.</summary>
internal sealed class MirrorWalk(OciLimits limits, TimeProvider time)
{
    // By host; a policy names few. Of each that took too long, when it is asked again.
    private readonly ConcurrentDictionary<string, long> _pauseEnds = new(StringComparer.Ordinal);

    /// <summary>The first mirror's answer that is one, else the registry's answer or failure.</summary>
    /// <param name="origin">The repository as it was named.</param>
    /// <param name="byDigest">True when the answer is checked by digest; otherwise only mirrors that may resolve tags are asked.</param>
    /// <param name="get">Asks one repository.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <param name="suffices">False for a mirror's answer that does not make the registry's unnecessary.</param>
    public async Task<T> FirstAsync<T>(
        OciRepository origin, bool byDigest, Func<OciRepository, CancellationToken, Task<T>> get, CancellationToken cancellationToken, Func<T, bool>? suffices = null)
    {
        ArgumentNullException.ThrowIfNull(origin);
        foreach (var mirror in origin.Options.Mirrors.Where(m => MayAnswer(m, byDigest) && !IsPaused(m)))
        {
            var (answered, answer) = await TryAsync(mirror, origin, get, cancellationToken);
            if (answered && (suffices is null || suffices(answer!)))
            {
                return answer!;
            }
        }

        return await get(origin, cancellationToken);
    }

    private static bool MayAnswer(RegistryMirror mirror, bool byDigest) => byDigest || mirror.ResolvesTags;

    // Each request would wait for it again, and together they would use up the time of a decision that the registry itself could settle.
    private bool IsPaused(RegistryMirror mirror) => time.GetTimestamp() < _pauseEnds.GetValueOrDefault(mirror.Host);

    private async Task<(bool Answered, T? Answer)> TryAsync<T>(RegistryMirror mirror, OciRepository origin, Func<OciRepository, CancellationToken, Task<T>> get, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(limits.MirrorTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (true, await get(mirror.For(origin), both.Token));
        }
        catch (RegistryException)
        {
            return (false, default);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _pauseEnds[mirror.Host] = time.GetTimestamp() + (long)(limits.MirrorPause.TotalSeconds * time.TimestampFrequency);
            return (false, default);
        }
    }
}
