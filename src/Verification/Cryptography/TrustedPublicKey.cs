using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Cryptography;

/// <summary>Kind of a public key; each has the signature schemes that <see cref="TrustedPublicKey"/> accepts of it.</summary>
internal enum PublicKeyKind
{
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Rsa,
    Ed25519,
}

/// <summary>A public key that is trusted: ECDSA (P-256, P-384, P-521), RSA (2048 to 8192 bits; PKCS #1 unless PSS is asked for) or Ed25519. Immutable and safe to share.</summary>
internal sealed partial class TrustedPublicKey
{
    private const string PublicKeyLabel = "PUBLIC KEY";
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 8192;
    private const string EcOid = "1.2.840.10045.2.1";
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string Ed25519Oid = "1.3.101.112";
    private readonly byte[] _spki;
    private readonly byte[] _raw;
    private readonly RSASignaturePadding _padding;

    private TrustedPublicKey(string name, byte[] spki, byte[] raw, PublicKeyKind kind, RSASignaturePadding padding)
    {
        Name = name;
        Kind = kind;
        _spki = spki;
        _raw = raw;
        _padding = padding;
        Fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(spki));
    }

    /// <summary>The key file or log as its owner names it.</summary>
    public string Name { get; }

    public PublicKeyKind Kind { get; }

    /// <summary><c>sha256:</c> and the hex digest of the SubjectPublicKeyInfo.</summary>
    public string Fingerprint { get; }

    /// <summary>DER.</summary>
    public ReadOnlyMemory<byte> Spki => _spki;

    /// <summary>Reads exactly one PEM <c>PUBLIC KEY</c> block; on failure <paramref name="fault"/> says what is wrong.</summary>
    public static bool TryParse(string name, string pem, [NotNullWhen(true)] out TrustedPublicKey? key, [NotNullWhen(false)] out string? fault)
    {
        key = null;
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            fault = "holds no PEM block";
            return false;
        }

        var label = pem[fields.Label];
        if (label.Contains("PRIVATE", StringComparison.Ordinal))
        {
            fault = "holds a private key";
            return false;
        }

        if (label != PublicKeyLabel || PemEncoding.TryFind(pem.AsSpan(fields.Location.End.Value), out _))
        {
            fault = $"does not hold exactly one '{PublicKeyLabel}' block";
            return false;
        }

        return TryParseSpki(name, Convert.FromBase64String(pem[fields.Base64Data]), out key, out fault);
    }

    /// <summary>Reads one DER SubjectPublicKeyInfo without trailing bytes.</summary>
    public static bool TryParseSpki(string name, ReadOnlyMemory<byte> spki, [NotNullWhen(true)] out TrustedPublicKey? key, [NotNullWhen(false)] out string? fault)
    {
        key = null;
        try
        {
            var bytes = spki.ToArray();
            var parsed = PublicKey.CreateFromSubjectPublicKeyInfo(bytes, out var read);
            if (read != bytes.Length)
            {
                fault = "holds a key with trailing bytes";
                return false;
            }

            var raw = parsed.EncodedKeyValue.RawData;
            (var kind, fault) = KindOf(parsed, bytes, raw);
            key = fault is null ? new TrustedPublicKey(name, bytes, raw, kind, RSASignaturePadding.Pkcs1) : null;
            return key is not null;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            fault = "holds a key that cannot be read";
            return false;
        }
    }

    /// <summary>Reads a PKCS #1 RSAPublicKey, as old trusted roots hold them.</summary>
    public static bool TryParsePkcs1(string name, ReadOnlyMemory<byte> der, [NotNullWhen(true)] out TrustedPublicKey? key, [NotNullWhen(false)] out string? fault)
    {
        key = null;
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportRSAPublicKey(der.Span, out var read);
            fault = "holds a key with trailing bytes";
            return read == der.Length && TryParseSpki(name, rsa.ExportSubjectPublicKeyInfo(), out key, out fault);
        }
        catch (CryptographicException)
        {
            fault = "holds a key that cannot be read";
            return false;
        }
    }

    /// <summary>The same RSA key, with PSS instead of PKCS #1 signatures: a key has one scheme.</summary>
    public TrustedPublicKey WithPss() => new(Name, _spki, _raw, Kind, RSASignaturePadding.Pss);

    private static (PublicKeyKind Kind, string? Fault) KindOf(PublicKey key, byte[] spki, byte[] raw)
    {
        switch (key.Oid.Value)
        {
            case Ed25519Oid:
                var sound = key.EncodedParameters is null or { RawData.Length: 0 } && Ed25519.IsPublicKey(raw);
                return (PublicKeyKind.Ed25519, sound ? null : "holds an Ed25519 key that is no point of the curve");
            case RsaOid:
                using (var rsa = ImportRsa(spki))
                {
                    return (PublicKeyKind.Rsa, rsa.KeySize is < MinRsaBits or > MaxRsaBits ? $"holds an RSA key of {rsa.KeySize} bits" : null);
                }

            case EcOid:
                return KindOfCurve(spki);
            default:
                return (default, "holds a key that is neither ECDSA nor RSA nor Ed25519");
        }
    }

    private static (PublicKeyKind Kind, string? Fault) KindOfCurve(byte[] spki)
    {
        using var ecdsa = ImportEcdsa(spki);
        var curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;
        return (curve.IsNamed ? curve.Oid.Value : null) switch
        {
            "1.2.840.10045.3.1.7" => (PublicKeyKind.EcdsaP256, null),
            "1.3.132.0.34" => (PublicKeyKind.EcdsaP384, null),
            "1.3.132.0.35" => (PublicKeyKind.EcdsaP521, null),
            _ => (default, "holds an ECDSA key that is on none of the curves P-256, P-384 and P-521"),
        };
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
