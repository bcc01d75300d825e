using System.Collections.Concurrent;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Sessions that their clients ended, until their ids would have expired anyway.</summary>
internal sealed class EndedSessions(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ended = new(StringComparer.Ordinal);

    public void Add(SessionClaim claim) => _ended[claim.Nonce] = claim.ExpiresAt;

    public bool Contains(string nonce) => _ended.ContainsKey(nonce);

    public void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var (nonce, _) in _ended.Where(e => e.Value <= now))
        {
            _ended.TryRemove(nonce, out _);
        }
    }
}
