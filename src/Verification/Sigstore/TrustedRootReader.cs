using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Reads a trusted root. Anything malformed refuses the whole; keys of an algorithm that this program does not know are left out, so nothing verifies by them.</summary>
internal static class TrustedRootReader
{
    public const string Malformed = "trusted_root_malformed";
    private const int MaxEntries = 64;
    private const int MaxChain = 10;

    public static TrustedRoot Read(ReadOnlyMemory<byte> json)
    {
        var root = JsonCursor.Parse(json, "trusted root", TrustedRoot.MaxBytes, VerificationStage.TrustedRoot, Malformed);
        if (root.Required("mediaType").Text() is not ("application/vnd.dev.sigstore.trustedroot+json;version=0.1" or "application/vnd.dev.sigstore.trustedroot+json;version=0.2" or "application/vnd.dev.sigstore.trustedroot.v0.2+json"))
        {
            throw new VerificationException(VerificationStage.TrustedRoot, "trusted_root_media_type_unsupported", "The trusted root's mediaType is neither version 0.1 nor 0.2.");
        }

        return new TrustedRoot(
            TrustedRoot.Digest(json.Span),
            ReadLogs(root.Optional("tlogs")),
            ReadLogs(root.Optional("ctlogs")),
            ReadAuthorities(root.Optional("certificateAuthorities")),
            ReadAuthorities(root.Optional("timestampAuthorities")));
    }

    private static IReadOnlyList<TrustedLog> ReadLogs(JsonCursor? logs) =>
        [.. (logs?.Items(MaxEntries) ?? []).Select(ReadLog).OfType<TrustedLog>()];

    private static TrustedLog? ReadLog(JsonCursor log)
    {
        var publicKey = log.Required("publicKey");
        var window = publicKey.Optional("validFor") is { } period ? ReadPeriod(period) : ValidityPeriod.Always;
        var baseUrl = log.Optional("baseUrl")?.Text() ?? "";
        var id = log.Required("logId").Required("keyId").Bytes();
        var hint = log.Optional("checkpointKeyId")?.Required("keyId").Bytes() ?? id;
        if (id.Length != SHA256.HashSizeInBytes || hint.Length < Checkpoint.HintBytes)
        {
            throw log.Fault("has an id of another length than 32 bytes");
        }

        var key = ReadKey(publicKey, baseUrl);
        return key is null ? null : new TrustedLog(baseUrl, id, hint[..Checkpoint.HintBytes], key, window);
    }

    private static TrustedPublicKey? ReadKey(JsonCursor publicKey, string name)
    {
        var details = publicKey.Required("keyDetails").Text();
        var bytes = publicKey.Required("rawBytes").Bytes();
        if (!IsKnown(details))
        {
            return null;
        }

        TrustedPublicKey? key;
        string? fault;
        var parsed = details.StartsWith("PKCS1_", StringComparison.Ordinal)
            ? TrustedPublicKey.TryParsePkcs1(name, bytes, out key, out fault)
            : TrustedPublicKey.TryParseSpki(name, bytes, out key, out fault);
        if (!parsed)
        {
            throw publicKey.Fault(fault!);
        }

        return details.StartsWith("PKIX_RSA_PSS", StringComparison.Ordinal) ? key!.WithPss() : key;
    }

    private static bool IsKnown(string details) =>
        details.StartsWith("PKCS1_RSA_", StringComparison.Ordinal)
        || details.StartsWith("PKIX_RSA_", StringComparison.Ordinal)
        || details is "PKIX_ECDSA_P256_SHA_256" or "PKIX_ECDSA_P256_HMAC_SHA_256" or "PKIX_ECDSA_P384_SHA_384" or "PKIX_ECDSA_P384_SHA_256" or "PKIX_ECDSA_P521_SHA_512" or "PKIX_ECDSA_P521_SHA_256"
            or "PKIX_ED25519" or "PKIX_ED25519_PH";

    private static IReadOnlyList<TrustedAuthority> ReadAuthorities(JsonCursor? authorities) =>
        [.. (authorities?.Items(MaxEntries) ?? []).Select(ReadAuthority)];

    private static TrustedAuthority ReadAuthority(JsonCursor authority)
    {
        var certificates = authority.Required("certChain").Required("certificates").Items(MaxChain);
        if (certificates.Count == 0)
        {
            throw authority.Fault("has an empty certChain");
        }

        var name = authority.Optional("uri")?.Text() ?? authority.Optional("subject")?.Optional("commonName")?.Text() ?? "authority";
        return new TrustedAuthority(name, [.. certificates.Select(ReadCertificate)], ReadPeriod(authority.Required("validFor")));
    }

    private static X509Certificate2 ReadCertificate(JsonCursor certificate)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(certificate.Required("rawBytes").Bytes());
        }
        catch (CryptographicException)
        {
            throw certificate.Fault("is no DER certificate");
        }
    }

    // An open start would trust a key for times before it existed.
    private static ValidityPeriod ReadPeriod(JsonCursor period) => new(period.Required("start").Time(), period.Optional("end")?.Time());
}
