using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Tests.Signer;

/// <summary>A private key of any kind that Sigstore knows, signing as Sigstore does: ECDSA in DER, RSA PKCS#1 v1.5, Ed25519 raw.</summary>
internal sealed class TestKey
{
    private static readonly byte[] s_ed25519Header = Convert.FromHexString("302A300506032B6570032100");
    private readonly Ed25519TestKey? _ed25519;
    private readonly HashAlgorithmName _hash;

    private TestKey(AsymmetricAlgorithm? key, Ed25519TestKey? ed25519, string keyDetails, HashAlgorithmName hash)
    {
        Algorithm = key;
        _ed25519 = ed25519;
        KeyDetails = keyDetails;
        _hash = hash;
        Spki = key?.ExportSubjectPublicKeyInfo() ?? [.. s_ed25519Header, .. ed25519!.PublicKey];
    }

    /// <summary>Null for Ed25519.</summary>
    public AsymmetricAlgorithm? Algorithm { get; }

    /// <summary>Sigstore's name of key and scheme.</summary>
    public string KeyDetails { get; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] Spki { get; }

    /// <summary>32 bytes; only of an Ed25519 key.</summary>
    public byte[] RawPublicKey => _ed25519!.PublicKey;

    public bool IsEd25519 => _ed25519 is not null;

    public string Pem => PemEncoding.WriteString("PUBLIC KEY", Spki) + "\n";

    /// <summary>For issuing certificates.</summary>
    public X509SignatureGenerator Generator => Algorithm is RSA rsa
        ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1)
        : X509SignatureGenerator.CreateForECDsa((ECDsa)Algorithm!);

    /// <summary>For certificates.</summary>
    public PublicKey PublicKey => PublicKey.CreateFromSubjectPublicKeyInfo(Spki, out _);

    public static TestKey P256() => Ec(ECCurve.NamedCurves.nistP256, "PKIX_ECDSA_P256_SHA_256", HashAlgorithmName.SHA256);

    public static TestKey P384() => Ec(ECCurve.NamedCurves.nistP384, "PKIX_ECDSA_P384_SHA_384", HashAlgorithmName.SHA384);

    public static TestKey P521() => Ec(ECCurve.NamedCurves.nistP521, "PKIX_ECDSA_P521_SHA_512", HashAlgorithmName.SHA512);

    public static TestKey Rsa(int bits = 2048) => new(RSA.Create(bits), null, $"PKIX_RSA_PKCS1V15_{bits}_SHA256", HashAlgorithmName.SHA256);

    public static TestKey Ed25519() => new(null, new Ed25519TestKey(RandomNumberGenerator.GetBytes(32)), "PKIX_ED25519", HashAlgorithmName.SHA512);

    /// <summary>The signature over these bytes.</summary>
    /// <param name="bytes">Message, not hashed.</param>
    /// <param name="hash">Other than the key's own.</param>
    public byte[] Sign(byte[] bytes, HashAlgorithmName? hash = null) => Algorithm switch
    {
        ECDsa ecdsa => ecdsa.SignData(bytes, hash ?? _hash, DSASignatureFormat.Rfc3279DerSequence),
        RSA rsa => rsa.SignData(bytes, hash ?? _hash, RSASignaturePadding.Pkcs1),
        _ => _ed25519!.Sign(bytes),
    };

    private static TestKey Ec(ECCurve curve, string keyDetails, HashAlgorithmName hash) => new(ECDsa.Create(curve), null, keyDetails, hash);
}
