using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Verifies the signed certificate timestamps (RFC 6962) that a certificate carries.</summary>
internal static class CertificateTransparency
{
    private const string SctList = "1.3.6.1.4.1.11129.2.4.2";
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3);

    /// <summary>Throws unless a trusted log promised to publish the certificate. Timestamps of unknown logs are ignored; every one of a known log has to hold.</summary>
    /// <param name="issuerSpki">SubjectPublicKeyInfo of the issuer, from the chain that was built.</param>
    public static void Demand(X509Certificate2 certificate, byte[] issuerSpki, TrustedRoot root)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(root);
        var known = 0;
        try
        {
            var timestamps = ReadList(certificate);
            var precertificate = WithoutList(certificate.RawData);
            foreach (var sct in timestamps)
            {
                if (root.CertificateLogs.FirstOrDefault(l => l.Id.AsSpan().SequenceEqual(sct.LogId)) is { } log)
                {
                    known++;
                    DemandWindow(sct, log);
                    DemandScheme(sct, log);
                    DemandSignature(sct, log, SHA256.HashData(issuerSpki), precertificate);
                }
            }
        }
        catch (Exception e) when (e is AsnContentException or ArgumentOutOfRangeException or CryptographicException)
        {
            throw Fault("sct_malformed", "The certificate's signed certificate timestamps cannot be read.");
        }

        DemandKnown(known);
    }

    private static void DemandKnown(int known)
    {
        if (known == 0)
        {
            throw Fault("sct_log_unknown", "None of the certificate's signed certificate timestamps is by a log of the trusted root.");
        }
    }

    private static void DemandWindow(SignedCertificateTimestamp sct, TrustedLog log)
    {
        if (!log.Window.Contains(sct.Time))
        {
            throw Fault("sct_outside_log_window", $"A signed certificate timestamp is outside the validity of log '{log.BaseUrl}' in the trusted root.");
        }
    }

    private static void DemandScheme(SignedCertificateTimestamp sct, TrustedLog log)
    {
        if (sct.Scheme != (log.Key.Kind == PublicKeyKind.Rsa ? SignedCertificateTimestamp.RsaScheme : SignedCertificateTimestamp.EcdsaScheme))
        {
            throw Fault("sct_scheme_mismatch", $"A signed certificate timestamp names another signature scheme than log '{log.BaseUrl}' has.");
        }
    }

    private static void DemandSignature(SignedCertificateTimestamp sct, TrustedLog log, byte[] issuerKeyHash, byte[] precertificate)
    {
        if (!log.Key.Verify(sct.SignedBytes(issuerKeyHash, precertificate), sct.Signature))
        {
            throw Fault("sct_invalid", $"A signed certificate timestamp is not log '{log.BaseUrl}''s, or is of another certificate.");
        }
    }

    private static IReadOnlyList<SignedCertificateTimestamp> ReadList(X509Certificate2 certificate)
    {
        var extensions = certificate.Extensions.Where(e => e.Oid?.Value == SctList).ToList();
        if (extensions.Count != 1)
        {
            throw Fault("sct_missing", "The certificate has to carry one list of signed certificate timestamps.");
        }

        var octets = new AsnReader(extensions[0].RawData, AsnEncodingRules.DER).ReadOctetString();
        return SignedCertificateTimestamp.ReadList(octets);
    }

    /// <summary>The certificate's to-be-signed part as the log saw it: without the list, everything else byte for byte.</summary>
    private static byte[] WithoutList(byte[] der)
    {
        var tbs = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            while (tbs.HasData)
            {
                if (tbs.PeekTag().HasSameClassAndValue(ExtensionsTag))
                {
                    using var explicitTag = writer.PushSequence(ExtensionsTag);
                    CopyExtensions(tbs.ReadSequence(ExtensionsTag).ReadSequence(), writer);
                }
                else
                {
                    writer.WriteEncodedValue(tbs.ReadEncodedValue().Span);
                }
            }
        }

        return writer.Encode();
    }

    private static void CopyExtensions(AsnReader extensions, AsnWriter writer)
    {
        using var sequence = writer.PushSequence();
        while (extensions.HasData)
        {
            var encoded = extensions.ReadEncodedValue();
            if (new AsnReader(encoded, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() != SctList)
            {
                writer.WriteEncodedValue(encoded.Span);
            }
        }
    }

    private static VerificationException Fault(string code, string message) => new(VerificationStage.SignedCertificateTimestamp, code, message);
}

/// <summary>One signed certificate timestamp, version 1. Times are milliseconds since 1970.</summary>
/// <param name="Scheme">TLS's number of the signature algorithm.</param>
internal sealed record SignedCertificateTimestamp(byte[] LogId, ulong Milliseconds, byte[] Extensions, byte Scheme, byte[] Signature)
{
    public const byte RsaScheme = 1;
    public const byte EcdsaScheme = 3;
    private const byte Sha256 = 4;
    private const ulong MaxMilliseconds = 253402300799999;

    /// <summary>Null beyond the year 9999.</summary>
    public DateTimeOffset? Time => Milliseconds <= MaxMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)Milliseconds) : null;

    /// <summary>Reads the TLS encoding; throws <see cref="ArgumentOutOfRangeException"/> for anything else.</summary>
    public static IReadOnlyList<SignedCertificateTimestamp> ReadList(ReadOnlySpan<byte> bytes)
    {
        var list = TakeVector(ref bytes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, 0);
        var timestamps = new List<SignedCertificateTimestamp>();
        while (list.Length > 0)
        {
            var sct = TakeVector(ref list);
            if (sct.Length > 0 && sct[0] == 0)
            {
                timestamps.Add(Read(sct[1..]));
            }
        }

        return timestamps;
    }

    /// <summary>What the log signed for a precertificate (RFC 6962, section 3.2).</summary>
    public byte[] SignedBytes(byte[] issuerKeyHash, byte[] precertificate)
    {
        ArgumentNullException.ThrowIfNull(precertificate);
        const byte version = 0, certificateTimestamp = 0, precertEntryHigh = 0, precertEntryLow = 1;
        var head = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(head, Milliseconds);
        var length = precertificate.Length;
        return
        [
            version, certificateTimestamp, .. head, precertEntryHigh, precertEntryLow, .. issuerKeyHash,
            (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. precertificate,
            (byte)(Extensions.Length >> 8), (byte)Extensions.Length, .. Extensions,
        ];
    }

    private static SignedCertificateTimestamp Read(ReadOnlySpan<byte> sct)
    {
        var logId = Take(ref sct, 32).ToArray();
        var milliseconds = BinaryPrimitives.ReadUInt64BigEndian(Take(ref sct, 8));
        var extensions = TakeVector(ref sct).ToArray();

        var algorithm = Take(ref sct, 2);
        ArgumentOutOfRangeException.ThrowIfNotEqual(algorithm[0], Sha256);
        var signature = TakeVector(ref sct).ToArray();
        ArgumentOutOfRangeException.ThrowIfNotEqual(sct.Length, 0);
        return new SignedCertificateTimestamp(logId, milliseconds, extensions, algorithm[1], signature);
    }

    private static ReadOnlySpan<byte> TakeVector(ref ReadOnlySpan<byte> bytes) => Take(ref bytes, BinaryPrimitives.ReadUInt16BigEndian(Take(ref bytes, 2)));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }
}
