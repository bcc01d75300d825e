using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Actors.Verification.Sigstore;

/// <summary>Reads what a certificate says of its holder.</summary>
internal static class CertificateFactsReader
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string FulcioPrefix = "1.3.6.1.4.1.57264.1.";
    private const string OtherNameType = "1.3.6.1.4.1.57264.1.7";
    private const int IssuerV1 = 1;
    private const int IssuerV2 = 8;
    private const int FirstDerExtension = 8;
    private static readonly Asn1Tag EmailTag = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag OtherNameTag = new(TagClass.ContextSpecific, 0);

    /// <summary>Throws <see cref="VerificationException"/> (stage identity) unless there is exactly one subject alternative name, of a kind that identifies.</summary>
    public static CertificateFacts Read(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        try
        {
            var extensions = ReadExtensions(certificate);
            var issuer = extensions.GetValueOrDefault(IssuerV2) ?? extensions.GetValueOrDefault(IssuerV1);
            var fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));
            return new CertificateFacts(ReadSubject(certificate), issuer, fingerprint, extensions);
        }
        catch (Exception e) when (e is AsnContentException or DecoderFallbackException or CryptographicException)
        {
            throw Fault("certificate_identity_malformed", "The certificate's identity cannot be read.");
        }
    }

    private static string ReadSubject(X509Certificate2 certificate)
    {
        var names = new List<string?>();
        foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == SubjectAlternativeName))
        {
            var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            while (sequence.HasData)
            {
                names.Add(ReadName(sequence));
            }
        }

        return names is [{ Length: > 0 } only]
            ? only
            : throw Fault("subject_alternative_name_count", "The certificate has to have exactly one subject alternative name: an email address, a URI or a Fulcio name.");
    }

    private static string? ReadName(AsnReader names)
    {
        var tag = names.PeekTag();
        if (tag.HasSameClassAndValue(EmailTag) || tag.HasSameClassAndValue(UriTag))
        {
            return names.ReadCharacterString(UniversalTagNumber.IA5String, tag);
        }

        if (!tag.HasSameClassAndValue(OtherNameTag))
        {
            names.ReadEncodedValue();
            return null;
        }

        var other = names.ReadSequence(tag);
        if (other.ReadObjectIdentifier() != OtherNameType)
        {
            return null;
        }

        return other.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadCharacterString(UniversalTagNumber.UTF8String);
    }

    private static Dictionary<int, string> ReadExtensions(X509Certificate2 certificate)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        var texts = new Dictionary<int, string>();
        foreach (var extension in certificate.Extensions)
        {
            var oid = extension.Oid?.Value ?? "";
            if (!oid.StartsWith(FulcioPrefix, StringComparison.Ordinal)
                || !int.TryParse(oid.AsSpan(FulcioPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 7)
            {
                continue;
            }

            var text = number < FirstDerExtension ? strict.GetString(extension.RawData) : ReadUtf8String(extension.RawData);
            if (!texts.TryAdd(number, text))
            {
                throw Fault("certificate_extension_duplicate", $"The certificate has extension {oid} twice.");
            }
        }

        return texts;
    }

    private static string ReadUtf8String(byte[] der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        var text = reader.ReadCharacterString(UniversalTagNumber.UTF8String);
        reader.ThrowIfNotEmpty();
        return text;
    }

    private static VerificationException Fault(string code, string message) => new(VerificationStage.Identity, code, message);
}
