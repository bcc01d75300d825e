namespace Actors.Verification.Oci;

/// <summary>Asks a repository's mirrors in order, then its registry. Whatever a mirror gives is checked like the registry's own, so a bad mirror costs time only.</summary>
internal sealed class MirrorWalk(TimeSpan perMirror, TimeProvider time)
{
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
        foreach (var mirror in origin.Options.Mirrors.Where(m => MayAnswer(m, byDigest)))
        {
            var (answered, answer) = await TryAsync(mirror.For(origin), get, cancellationToken);
            if (answered && (suffices is null || suffices(answer!)))
            {
                return answer!;
            }
        }

        return await get(origin, cancellationToken);
    }

    private static bool MayAnswer(RegistryMirror mirror, bool byDigest) => byDigest || mirror.ResolvesTags;

    private async Task<(bool Answered, T? Answer)> TryAsync<T>(OciRepository mirror, Func<OciRepository, CancellationToken, Task<T>> get, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(perMirror, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (true, await get(mirror, both.Token));
        }
        catch (RegistryException)
        {
            return (false, default);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, default);
        }
    }
}
