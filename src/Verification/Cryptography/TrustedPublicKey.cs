using System.Diagnostics.CodeAnalysis;

namespace Actors.Verification.Cryptography;

/// <summary>A public key that is trusted: ECDSA (P-256, P-384, P-521), RSA (2048 to 8192 bits) or Ed25519. Immutable and safe to share.</summary>
internal sealed class TrustedPublicKey
{
    /// <summary>The key file or log as its owner names it.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary><c>sha256:</c> and the hex digest of the SubjectPublicKeyInfo.</summary>
    public string Fingerprint => throw new NotImplementedException();

    /// <summary>DER.</summary>
    public ReadOnlyMemory<byte> Spki => throw new NotImplementedException();

    /// <summary>Reads exactly one PEM <c>PUBLIC KEY</c> block; on failure <paramref name="fault"/> says what is wrong.</summary>
    public static bool TryParse(string name, string pem, [NotNullWhen(true)] out TrustedPublicKey? key, [NotNullWhen(false)] out string? fault) => throw new NotImplementedException();

    /// <summary>Reads one DER SubjectPublicKeyInfo without trailing bytes.</summary>
    public static bool TryParseSpki(string name, ReadOnlyMemory<byte> spki, [NotNullWhen(true)] out TrustedPublicKey? key, [NotNullWhen(false)] out string? fault) => throw new NotImplementedException();

    /// <summary>True when the signature over exactly these bytes is this key's. Never throws for a malformed signature.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => throw new NotImplementedException();
}
