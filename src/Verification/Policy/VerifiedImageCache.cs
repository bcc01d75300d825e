using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>A digest that verified.</summary>
/// <param name="Image">Digest of the manifest that runs: itself, or an index's child for the platform.</param>
/// <param name="MediaType">Of its manifest.</param>
/// <param name="Evidence">Of its signatures and attestations.</param>
/// <param name="VerifiedAt">UTC.</param>
internal sealed record VerifiedImage(OciDigest Image, string MediaType, IReadOnlyList<DecisionEvidence> Evidence, DateTimeOffset VerifiedAt);

/// <summary>Remembers for a short time which digests verified. Refusals are never kept. Keys hold a digest, so a tag's answer is never remembered.</summary>
internal sealed class VerifiedImageCache(PolicyOptions options, TimeProvider time)
{
    private const int MaxEntries = 1024;
    private readonly Dictionary<CheckKey, VerifiedImage> _entries = [];
    private readonly Lock _lock = new();

    /// <summary>The entry, or null when there is none that is young enough.</summary>
    public VerifiedImage? Find(CheckKey key)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(key, out var entry) && IsYoung(entry) ? entry : null;
        }
    }

    /// <summary>Remembers a success.</summary>
    public void Add(CheckKey key, VerifiedImage image)
    {
        lock (_lock)
        {
            foreach (var old in _entries.Where(e => !IsYoung(e.Value)).Select(e => e.Key).ToList())
            {
                _entries.Remove(old);
            }

            if (_entries.Count >= MaxEntries)
            {
                _entries.Remove(_entries.MinBy(e => e.Value.VerifiedAt).Key);
            }

            _entries[key] = image;
        }
    }

    // A clock that was set back must not prolong an entry's life.
    private bool IsYoung(VerifiedImage entry)
    {
        var age = time.GetUtcNow() - entry.VerifiedAt;
        return age >= TimeSpan.Zero && age < options.CacheTime;
    }
}
