using System.Security.Cryptography;
using Actors.Verification.Oci;

namespace Actors.Verification.Sigstore;

/// <summary>What was signed: its SHA-256, and more of it when the bytes are at hand. A signature scheme that hashes otherwise cannot be checked from SHA-256 alone.</summary>
internal sealed class ArtifactDigest
{
    private static readonly (string Name, HashAlgorithmName Algorithm)[] Names =
        [("sha256", HashAlgorithmName.SHA256), ("sha384", HashAlgorithmName.SHA384), ("sha512", HashAlgorithmName.SHA512)];

    private readonly Func<ReadOnlyMemory<byte>>? _bytes;
    private readonly Dictionary<HashAlgorithmName, byte[]> _digests = [];

    private ArtifactDigest(Func<ReadOnlyMemory<byte>>? bytes) => _bytes = bytes;

    /// <summary>32 bytes.</summary>
    public ReadOnlySpan<byte> Sha256 => _digests[HashAlgorithmName.SHA256];

    /// <summary>64 lower-case hex digits.</summary>
    public string Hex => Convert.ToHexStringLower(Sha256);

    public static ArtifactDigest OfBytes(ReadOnlyMemory<byte> bytes)
    {
        var artifact = new ArtifactDigest(() => bytes);
        foreach (var (_, algorithm) in Names)
        {
            artifact._digests[algorithm] = CryptographicOperations.HashData(algorithm, bytes.Span);
        }

        return artifact;
    }

    /// <summary>Of what a stream gives, without holding it.</summary>
    /// <param name="reread">Gives the same bytes once more: one signature scheme (Ed25519) is over the bytes themselves.</param>
    public static ArtifactDigest OfStream(Stream stream, Func<ReadOnlyMemory<byte>> reread)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var artifact = new ArtifactDigest(reread);
        var hashes = Names.Select(n => IncrementalHash.CreateHash(n.Algorithm)).ToList();
        var buffer = new byte[64 * 1024];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            hashes.ForEach(h => h.AppendData(buffer, 0, read));
        }

        foreach (var hash in hashes)
        {
            artifact._digests[hash.AlgorithmName] = hash.GetHashAndReset();
            hash.Dispose();
        }

        return artifact;
    }

    public static ArtifactDigest Of(OciDigest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        var artifact = new ArtifactDigest(bytes: null);
        artifact._digests[HashAlgorithmName.SHA256] = Convert.FromHexString(digest.Hex);
        return artifact;
    }

    /// <summary>False when only the SHA-256 is known.</summary>
    public bool HasBytes => _bytes is not null;

    /// <summary>The artifact itself; throws <see cref="VerificationException"/> when it is another by now.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        var bytes = _bytes!();
        return SHA256.HashData(bytes.Span).AsSpan().SequenceEqual(Sha256)
            ? bytes
            : throw new VerificationException(VerificationStage.Artifact, "file_unreadable", "The artifact changed while it was read.");
    }

    /// <summary>Null when that digest is not known.</summary>
    public byte[]? Digest(HashAlgorithmName algorithm) => _digests.GetValueOrDefault(algorithm);

    /// <summary>Of these algorithms, those by which the digest is known.</summary>
    public IEnumerable<(HashAlgorithmName Algorithm, byte[] Digest)> DigestsBy(IEnumerable<HashAlgorithmName> algorithms) => algorithms.Where(_digests.ContainsKey).Select(a => (a, _digests[a]));

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
