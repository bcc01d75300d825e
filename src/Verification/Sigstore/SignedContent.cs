using System.Security.Cryptography;
using System.Text;

namespace Actors.Verification.Sigstore;

/// <summary>What a signature is over, and the signature.</summary>
internal abstract record SignedContent(byte[] Signature)
{
    /// <summary>Digest of the bytes that are signed; null when those are not at hand in that algorithm.</summary>
    public abstract byte[]? DigestOfSigned(ArtifactDigest artifact, HashAlgorithmName algorithm);
}

/// <summary>A signature over the artifact itself. <paramref name="Digest"/> is a hint that must agree.</summary>
internal sealed record MessageSignature(byte[] Signature, HashAlgorithmName? DigestAlgorithm, byte[]? Digest) : SignedContent(Signature)
{
    public override byte[]? DigestOfSigned(ArtifactDigest artifact, HashAlgorithmName algorithm) => artifact.Digest(algorithm);
}

/// <summary>A signature over a typed payload.</summary>
internal sealed record DsseEnvelope(string PayloadType, byte[] Payload, byte[] Signature) : SignedContent(Signature)
{
    /// <summary>The pre-authentication encoding: the bytes that are signed.</summary>
    public byte[] SignedBytes()
    {
        var type = Encoding.UTF8.GetBytes(PayloadType);
        return [.. Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} "), .. type, .. Encoding.UTF8.GetBytes($" {Payload.Length} "), .. Payload];
    }

    public override byte[]? DigestOfSigned(ArtifactDigest artifact, HashAlgorithmName algorithm) => CryptographicOperations.HashData(algorithm, SignedBytes());

    /// <summary>Reads an envelope with exactly one signature.</summary>
    public static DsseEnvelope Read(JsonCursor envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var signatures = envelope.Required("signatures").Items(max: 16);
        if (signatures.Count != 1)
        {
            throw envelope.Fault($"has {signatures.Count} signatures instead of one");
        }

        return new DsseEnvelope(envelope.Required("payloadType").Text(), envelope.Required("payload").Bytes(), signatures[0].Required("sig").Bytes());
    }
}
