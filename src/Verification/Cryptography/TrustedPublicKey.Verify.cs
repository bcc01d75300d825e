using System.Security.Cryptography;

namespace Actors.Verification.Cryptography;

internal sealed partial class TrustedPublicKey
{
    /// <summary>The hash algorithms that signatures of this key may use on a digest made elsewhere. P-384 and P-521 keys have been used with SHA-256 by old clients.</summary>
    public IReadOnlyList<HashAlgorithmName> Hashes => Kind switch
    {
        PublicKeyKind.EcdsaP384 => [HashAlgorithmName.SHA384, HashAlgorithmName.SHA256],
        PublicKeyKind.EcdsaP521 => [HashAlgorithmName.SHA512, HashAlgorithmName.SHA256],
        PublicKeyKind.Ed25519 => [HashAlgorithmName.SHA512],
        _ => [HashAlgorithmName.SHA256],
    };

    /// <summary>True when the signature over exactly these bytes is this key's. Never throws for a malformed signature.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (Kind == PublicKeyKind.Ed25519 && Ed25519.Verify(_raw, data, signature))
        {
            return true;
        }

        foreach (var hash in Hashes)
        {
            if (VerifyDigest(CryptographicOperations.HashData(hash, data), hash, signature))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>As <see cref="Verify"/>, of a digest; Ed25519 takes SHA-512 (Ed25519ph). False for a hash algorithm that is not one of <see cref="Hashes"/>.</summary>
    public bool VerifyDigest(ReadOnlySpan<byte> digest, HashAlgorithmName hash, ReadOnlySpan<byte> signature)
    {
        if (!Hashes.Contains(hash))
        {
            return false;
        }

        try
        {
            return Kind switch
            {
                PublicKeyKind.Ed25519 => Ed25519.VerifyPrehashed(_raw, digest, signature),
                PublicKeyKind.Rsa => VerifyRsa(digest, hash, signature),
                _ => VerifyEcdsa(digest, signature),
            };
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    // A key object per call: they are not safe to share between threads.
    private bool VerifyRsa(ReadOnlySpan<byte> digest, HashAlgorithmName hash, ReadOnlySpan<byte> signature)
    {
        using var rsa = ImportRsa(_spki);
        return rsa.VerifyHash(digest, signature, hash, _padding);
    }

    private bool VerifyEcdsa(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        using var ecdsa = ImportEcdsa(_spki);
        return ecdsa.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
    }
}
