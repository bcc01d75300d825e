using System.Net.Http.Headers;

namespace Actors.Verification.Oci;

/// <summary>Remembers what opened a repository, until it expires. Keyed by scheme, registry and repository, so that nothing is shown to another.</summary>
internal sealed class AuthorizationCache(TimeProvider time)
{
    private const int MaxEntries = 256;
    private readonly Dictionary<string, (AuthenticationHeaderValue Header, DateTimeOffset Expires)> _entries = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>What is still good, or null.</summary>
    public AuthenticationHeaderValue? Find(OciRepository repository)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(KeyOf(repository), out var entry) && IsGood(entry.Expires) ? entry.Header : null;
        }
    }

    /// <summary>Remembers it instead of what was there.</summary>
    public void Add(OciRepository repository, AuthenticationHeaderValue header, DateTimeOffset expires)
    {
        lock (_lock)
        {
            if (_entries.Count >= MaxEntries)
            {
                _entries.Remove(_entries.MinBy(e => e.Value.Expires).Key);
            }

            _entries[KeyOf(repository)] = (header, expires);
        }
    }

    private bool IsGood(DateTimeOffset expires) => time.GetUtcNow() < expires;

    private static string KeyOf(OciRepository repository) => $"{(repository.Options.Insecure ? "http" : "https")}://{repository}";
}
