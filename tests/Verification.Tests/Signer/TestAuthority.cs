using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Actors.Verification.Tests.Signer;

/// <summary>What a certificate says; every property is a knob.</summary>
internal sealed class CertificateSpec
{
    /// <summary>Code signing.</summary>
    public const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    /// <summary>Time stamping.</summary>
    public const string TimeStamping = "1.3.6.1.5.5.7.3.8";

    /// <summary>Of the key usage, which one among <see cref="Extra"/> replaces.</summary>
    public const string KeyUsageOid = "2.5.29.15";

    public string Subject { get; set; } = "";

    public DateTimeOffset NotBefore { get; set; }

    public DateTimeOffset NotAfter { get; set; }

    public List<string> ExtendedKeyUsages { get; set; } = [];

    public bool ExtendedKeyUsageCritical { get; set; }

    public X509KeyUsageFlags KeyUsage { get; set; } = X509KeyUsageFlags.DigitalSignature;

    public bool IsAuthority { get; set; }

    public int? PathLength { get; set; }

    /// <summary>Subject alternative names: an URI when it holds "://", else an e-mail address.</summary>
    public List<string> Names { get; set; } = [];

    /// <summary>Extensions with raw values, by OID, in order.</summary>
    public List<(string Oid, byte[] Value)> Extra { get; } = [];

    public byte[] Serial { get; set; } = [0x11, .. RandomNumberGenerator.GetBytes(15)];

    /// <summary>Adds one of Fulcio's extensions as a DER UTF8String, or replaces its value.</summary>
    public void SetFulcio(int number, string? value, bool raw = false)
    {
        var oid = "1.3.6.1.4.1.57264.1." + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Extra.RemoveAll(e => string.Equals(e.Oid, oid, StringComparison.Ordinal));
        if (value is not null)
        {
            Extra.Add((oid, raw ? Encoding.UTF8.GetBytes(value) : TestAsn.Utf8(value)));
        }
    }
}

/// <summary>A certificate authority: its certificate, its key, and the chain above it.</summary>
/// <param name="Certificate">Of the authority itself.</param>
/// <param name="Key">Its key.</param>
/// <param name="Parents">From its issuer up to the root; empty for a root.</param>
internal sealed record TestAuthority(X509Certificate2 Certificate, TestKey Key, IReadOnlyList<X509Certificate2> Parents)
{
    /// <summary>This certificate and all above it.</summary>
    public IReadOnlyList<X509Certificate2> Chain => [Certificate, .. Parents];

    /// <summary>A self-signed root.</summary>
    public static TestAuthority Root(CertificateSpec spec, TestKey key)
    {
        spec.IsAuthority = true;
        spec.KeyUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
        return new TestAuthority(Create(spec, key.PublicKey, new X500DistinguishedName(spec.Subject), key, issuer: null), key, []);
    }

    /// <summary>An authority below this one.</summary>
    public TestAuthority Intermediate(CertificateSpec spec, TestKey key)
    {
        spec.IsAuthority = true;
        spec.KeyUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
        return new TestAuthority(Issue(spec, key), key, Chain);
    }

    /// <summary>A certificate for that key, of exactly what the specification says.</summary>
    public X509Certificate2 Issue(CertificateSpec spec, TestKey key) => Create(spec, key.PublicKey, Certificate.SubjectName, Key, Certificate);

    private static X509Certificate2 Create(CertificateSpec spec, PublicKey publicKey, X500DistinguishedName issuerName, TestKey issuerKey, X509Certificate2? issuer)
    {
        var request = new CertificateRequest(new X500DistinguishedName(spec.Subject), publicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(spec.IsAuthority, spec.PathLength is not null, spec.PathLength ?? 0, critical: true));
        if (!spec.Extra.Exists(e => e.Oid is CertificateSpec.KeyUsageOid))
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(spec.KeyUsage, critical: true));
        }

        if (spec.ExtendedKeyUsages.Count > 0)
        {
            OidCollection usages = [.. spec.ExtendedKeyUsages.Select(u => new Oid(u))];
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, spec.ExtendedKeyUsageCritical));
        }

        var subjectKey = new X509SubjectKeyIdentifierExtension(publicKey, critical: false);
        request.CertificateExtensions.Add(subjectKey);
        if (issuer is not null)
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(
                issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single()));
        }

        if (spec.Names.Count > 0)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", TestAsn.Names(spec.Names), critical: true));
        }

        foreach (var (oid, value) in spec.Extra)
        {
            request.CertificateExtensions.Add(new X509Extension(oid, value, critical: false));
        }

        return request.Create(issuerName, issuerKey.Generator, spec.NotBefore, spec.NotAfter, spec.Serial);
    }
}

/// <summary>Small pieces of DER.</summary>
internal static class TestAsn
{
    public static byte[] Utf8(string value) => Write(w => w.WriteCharacterString(UniversalTagNumber.UTF8String, value));

    public static byte[] Octets(byte[] value) => Write(w => w.WriteOctetString(value));

    public static byte[] Names(IEnumerable<string> names) => Write(w =>
    {
        using var scope = w.PushSequence();
        foreach (var name in names)
        {
            var tag = name.Contains("://", StringComparison.Ordinal) ? 6 : 1;
            w.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, tag));
        }
    });

    /// <summary>The signed part of a certificate.</summary>
    public static byte[] Tbs(X509Certificate2 certificate) =>
        new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence().ReadEncodedValue().ToArray();

    public static byte[] Write(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }
}
