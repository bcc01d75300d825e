using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Actors.Verification.Cosign;

/// <summary>A public key that the policy trusts. Verifies with SHA-256, ECDSA as DER or RSA with PKCS #1.</summary>
internal sealed class TrustedKey
{
    private const string PublicKeyLabel = "PUBLIC KEY";
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;
    private const string EcdsaP256 = "1.2.840.10045.3.1.7";
    private const string EcdsaP384 = "1.3.132.0.34";
    private const string EcdsaP521 = "1.3.132.0.35";

    private readonly byte[] _spki;
    private readonly bool _rsa;

    private TrustedKey(string name, byte[] spki, bool rsa)
    {
        Name = name;
        _spki = spki;
        _rsa = rsa;
        Fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(spki));
    }

    /// <summary>The key file as the policy names it.</summary>
    public string Name { get; }

    /// <summary><c>sha256:</c> and the hex digest of the SubjectPublicKeyInfo.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads exactly one PEM <c>PUBLIC KEY</c> block; on failure <paramref name="fault"/> says what is wrong.</summary>
    public static bool TryParse(string name, string pem, [NotNullWhen(true)] out TrustedKey? key, [NotNullWhen(false)] out string? fault)
    {
        key = null;
        fault = Parse(name, pem, ref key);
        return fault is null && key is not null;
    }

    /// <summary>True when the signature over exactly these bytes is this key's. Never throws for a malformed signature.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        try
        {
            if (_rsa)
            {
                using var rsa = ImportRsa(_spki);
                return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }

            // A key object per call: they are not safe to share between threads.
            using var ecdsa = ImportEcdsa(_spki);
            return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static string? Parse(string name, string pem, ref TrustedKey? key)
    {
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            return "holds no PEM block";
        }

        var label = pem[fields.Label];
        if (label.Contains("PRIVATE", StringComparison.Ordinal))
        {
            return "holds a private key";
        }

        if (label != PublicKeyLabel || PemEncoding.TryFind(pem.AsSpan(fields.Location.End.Value), out _))
        {
            return $"does not hold exactly one '{PublicKeyLabel}' block";
        }

        var spki = Convert.FromBase64String(pem[fields.Base64Data]);
        try
        {
            var (rsa, fault) = CheckAlgorithm(spki);
            key = fault is null ? new TrustedKey(name, spki, rsa) : null;
            return fault;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return "holds a key that cannot be read";
        }
    }

    private static (bool Rsa, string? Fault) CheckAlgorithm(byte[] spki)
    {
        var oid = PublicKeyAlgorithm(spki);
        if (oid == "1.2.840.113549.1.1.1")
        {
            using var rsa = ImportRsa(spki);
            return (true, rsa.KeySize is < MinRsaBits or > MaxRsaBits ? $"holds an RSA key of {rsa.KeySize} bits" : null);
        }

        if (oid != "1.2.840.10045.2.1")
        {
            return (false, "holds a key that is neither ECDSA nor RSA");
        }

        using var ecdsa = ImportEcdsa(spki);
        var curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;
        return (false, curve.IsNamed && curve.Oid.Value is EcdsaP256 or EcdsaP384 or EcdsaP521 ? null : "holds an ECDSA key that is on none of the curves P-256, P-384 and P-521");
    }

    private static string PublicKeyAlgorithm(byte[] spki)
    {
        var key = System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(spki, out var read);
        return read == spki.Length && key.Oid.Value is { } oid ? oid : throw new CryptographicException("trailing bytes");
    }

    private static RSA ImportRsa(byte[] spki)
    {
        var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(spki, out _);
        return rsa;
    }

    private static ECDsa ImportEcdsa(byte[] spki)
    {
        var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(spki, out _);
        return ecdsa;
    }
}
