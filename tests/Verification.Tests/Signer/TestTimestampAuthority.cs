using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Tests.Signer;

/// <summary>A time stamp before it is signed; every property is a knob.</summary>
internal sealed class TimestampSpec
{
    public DateTimeOffset At { get; set; }

    /// <summary>What is stamped in place of the signature.</summary>
    public byte[]? Message { get; set; }

    public HashAlgorithmName Hash { get; set; } = HashAlgorithmName.SHA256;

    /// <summary>Certificates inside the token: the signer's by default.</summary>
    public X509Certificate2Collection? Embedded { get; set; }

    /// <summary>No certificate inside.</summary>
    public bool EmbedNothing { get; set; }

    /// <summary>The signer's certificate is issued by this specification.</summary>
    public Action<CertificateSpec> Certificate { get; set; } = _ => { };

    /// <summary>The bytes of TimeStampResp, to damage.</summary>
    public Func<byte[], byte[]> Damage { get; set; } = bytes => bytes;

    /// <summary>PKIStatus; 0 is granted.</summary>
    public int Status { get; set; }

    /// <summary>Stamps with this in place of the trusted authority.</summary>
    public TestTimestampAuthority? Authority { get; set; }

    /// <summary>Not in the bundle.</summary>
    public bool Omit { get; set; }
}

/// <summary>An RFC 3161 time stamp authority with a chain of its own.</summary>
internal sealed class TestTimestampAuthority
{
    private readonly TestKey _key = TestKey.P256();

    public TestTimestampAuthority(TestAuthority authority, DateTimeOffset from, DateTimeOffset until, Action<CertificateSpec>? certificate = null)
    {
        Authority = authority;
        var spec = new CertificateSpec
        {
            Subject = "CN=tsa, O=tests",
            NotBefore = from,
            NotAfter = until,
            ExtendedKeyUsages = [CertificateSpec.TimeStamping],
            ExtendedKeyUsageCritical = true,
        };
        certificate?.Invoke(spec);
        Certificate = authority.Issue(spec, _key);
    }

    public TestAuthority Authority { get; }

    public X509Certificate2 Certificate { get; }

    /// <summary>From the signer up to the root.</summary>
    public IReadOnlyList<X509Certificate2> Chain => [Certificate, .. Authority.Chain];

    /// <summary>A TimeStampResp over these bytes.</summary>
    public byte[] Stamp(byte[] message, TimestampSpec spec)
    {
        var hashed = Hash(spec.Message ?? message, spec.Hash);
        var info = new Rfc3161TimestampTokenInfo(new Oid("1.3.6.1.4.1.57264.2"), OidOf(spec.Hash), hashed, new byte[] { 0x42 }, spec.At);
        var cms = new SignedCms(new ContentInfo(new Oid("1.2.840.113549.1.9.16.1.4"), info.Encode()));
        using var withKey = Certificate.CopyWithPrivateKey((ECDsa)_key.Algorithm!);
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, withKey) { IncludeOption = X509IncludeOption.None, DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1") };
        signer.SignedAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.16.2.47"), SigningCertificateV2()));
        foreach (var embedded in spec.EmbedNothing ? [] : spec.Embedded ?? [Certificate])
        {
            signer.Certificates.Add(embedded);
        }

        cms.ComputeSignature(signer);
        var token = cms.Encode();
        return spec.Damage(TestAsn.Write(w =>
        {
            using var response = w.PushSequence();
            using (w.PushSequence())
            {
                w.WriteInteger(spec.Status);
            }

            w.WriteEncodedValue(token);
        }));
    }

    private static Oid OidOf(HashAlgorithmName hash) => Oid.FromFriendlyName(hash.Name!, OidGroup.HashAlgorithm);

    private static byte[] Hash(byte[] message, HashAlgorithmName hash) => CryptographicOperations.HashData(hash, message);

    // ESSCertIDv2 with its default hash, SHA-256.
    private byte[] SigningCertificateV2() => TestAsn.Write(w =>
    {
        using var attribute = w.PushSequence();
        using var certificates = w.PushSequence();
        using var id = w.PushSequence();
        w.WriteOctetString(SHA256.HashData(Certificate.RawData));
    });
}
