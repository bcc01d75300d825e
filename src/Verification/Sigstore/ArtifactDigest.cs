using System.Security.Cryptography;
using Actors.Verification.Oci;

namespace Actors.Verification.Sigstore;

/// <summary>What was signed: its SHA-256, and more of it when the bytes are at hand. A signature scheme that hashes otherwise cannot be checked from SHA-256 alone.</summary>
internal sealed class ArtifactDigest
{
    private static readonly (string Name, HashAlgorithmName Algorithm)[] Names =
        [("sha256", HashAlgorithmName.SHA256), ("sha384", HashAlgorithmName.SHA384), ("sha512", HashAlgorithmName.SHA512)];

    private readonly ReadOnlyMemory<byte>? _bytes;
    private readonly Dictionary<HashAlgorithmName, byte[]> _digests = [];

    private ArtifactDigest(byte[] sha256, ReadOnlyMemory<byte>? bytes)
    {
        _digests[HashAlgorithmName.SHA256] = sha256;
        _bytes = bytes;
        if (bytes is { } all)
        {
            _digests[HashAlgorithmName.SHA384] = SHA384.HashData(all.Span);
            _digests[HashAlgorithmName.SHA512] = SHA512.HashData(all.Span);
        }
    }

    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> Sha256 => _digests[HashAlgorithmName.SHA256];

    /// <summary>64 lower-case hex digits.</summary>
    public string Hex => Convert.ToHexStringLower(Sha256);

    public static ArtifactDigest OfBytes(ReadOnlyMemory<byte> bytes) => new(SHA256.HashData(bytes.Span), bytes);

    public static ArtifactDigest Of(OciDigest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return new ArtifactDigest(Convert.FromHexString(digest.Hex), bytes: null);
    }

    /// <summary>False when only the SHA-256 is known.</summary>
    public bool TryGetBytes(out ReadOnlyMemory<byte> bytes)
    {
        bytes = _bytes ?? default;
        return _bytes is not null;
    }

    /// <summary>Null when that digest is not known.</summary>
    public byte[]? Digest(HashAlgorithmName algorithm) => _digests.GetValueOrDefault(algorithm);

    /// <summary>Holds digests by in-toto's names of algorithms against the artifact's. Those that are not known here neither help nor harm.</summary>
    public DigestMatch Compare(IReadOnlyDictionary<string, string> digests)
    {
        ArgumentNullException.ThrowIfNull(digests);
        var named = Names.Where(n => digests.ContainsKey(n.Name)).ToList();
        var known = named.Where(n => _digests.ContainsKey(n.Algorithm)).ToList();
        return !known.TrueForAll(n => digests[n.Name] == Convert.ToHexStringLower(_digests[n.Algorithm])) ? DigestMatch.Differs
            : known.Count > 0 ? DigestMatch.Same
            : named.Count > 0 ? DigestMatch.NeedsBytes
            : DigestMatch.Differs;
    }
}

/// <summary>Whether digests are of an artifact.</summary>
internal enum DigestMatch
{
    /// <summary>At least one is another, or none is of a known algorithm.</summary>
    Differs,

    /// <summary>All that can be compared are the artifact's, and at least one can.</summary>
    Same,

    /// <summary>None can be compared without the artifact's bytes.</summary>
    NeedsBytes,
}
