using System.Numerics;
using System.Security.Cryptography;

namespace Actors.Verification.Cryptography;

/// <summary>Verification of Ed25519 signatures (RFC 8032, without cofactor): no other S than the reduced one, no other encoding of a point than the canonical one.</summary>
internal static class Ed25519
{
    public const int PublicKeyBytes = 32;
    public const int SignatureBytes = 64;
    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly byte[] PrehashDomain = [.. "SigEd25519 no Ed25519 collisions"u8, 1, 0];

    /// <summary>True when the signature is over exactly these bytes. Never throws.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Verify(publicKey, [], message, signature);

    /// <summary>Ed25519ph without context: <paramref name="sha512"/> is the digest of what was signed.</summary>
    public static bool VerifyPrehashed(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> sha512, ReadOnlySpan<byte> signature) =>
        sha512.Length == SHA512.HashSizeInBytes && Verify(publicKey, PrehashDomain, sha512, signature);

    /// <summary>True for 32 bytes that are the canonical encoding of a point on the curve.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> publicKey) => EdwardsPoint.TryDecode(publicKey, out _);

    private static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> domain, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes || !EdwardsPoint.TryDecode(publicKey, out var key))
        {
            return false;
        }

        var r = signature[..32];
        var s = new BigInteger(signature[32..], isUnsigned: true);
        if (s >= Order)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(domain);
        hash.AppendData(r);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        var h = new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % Order;

        // R must be the encoding of [S]B - [h]A; comparing bytes refuses every non-canonical R.
        return EdwardsPoint.Combine(s, EdwardsPoint.Base, h, key.Negated()).Encode().AsSpan().SequenceEqual(r);
    }
}
