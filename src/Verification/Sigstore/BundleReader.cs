using System.Security.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Reads bundles. Only the shape is checked here; unknown members are ignored, duplicates are refused.</summary>
internal static class BundleReader
{
    public const string Malformed = "bundle_malformed";
    private const int MaxLogEntries = 32;
    private const int MaxTimestamps = 32;
    private const int MaxCertificates = 10;
    private const int MaxProofHashes = 64;

    public static SigstoreBundle Read(ReadOnlyMemory<byte> json)
    {
        var bundle = JsonCursor.Parse(json, "bundle", SigstoreBundle.MaxBytes, VerificationStage.Bundle, Malformed);
        var format = ReadFormat(bundle);
        var material = bundle.Required("verificationMaterial");
        var certificates = ReadCertificates(material, format);
        return new SigstoreBundle
        {
            Format = format,
            Certificate = certificates.Count == 0 ? null : certificates[0],
            Intermediates = [.. certificates.Skip(1)],
            Content = ReadContent(bundle),
            LogEntries = [.. (material.Optional("tlogEntries")?.Items(MaxLogEntries) ?? []).Select(ReadLogEntry)],
            Timestamps = [.. (material.Optional("timestampVerificationData")?.Optional("rfc3161Timestamps")?.Items(MaxTimestamps) ?? [])
                .Select(t => t.Required("signedTimestamp").Bytes())],
        };
    }

    private static BundleFormat ReadFormat(JsonCursor bundle) => bundle.Required("mediaType").Text() switch
    {
        "application/vnd.dev.sigstore.bundle+json;version=0.1" => BundleFormat.V01,
        "application/vnd.dev.sigstore.bundle+json;version=0.2" => BundleFormat.V02,
        "application/vnd.dev.sigstore.bundle+json;version=0.3" => BundleFormat.V03,
        "application/vnd.dev.sigstore.bundle.v0.3+json" => BundleFormat.V03,
        _ => throw new VerificationException(VerificationStage.Bundle, "media_type_unsupported", "The bundle's mediaType is none of versions 0.1, 0.2 and 0.3."),
    };

    private static IReadOnlyList<byte[]> ReadCertificates(JsonCursor material, BundleFormat format)
    {
        var (chain, single, key) = (material.Optional("x509CertificateChain"), material.Optional("certificate"), material.Optional("publicKey"));
        if (new[] { chain, single, key }.Count(m => m is not null) != 1)
        {
            throw new VerificationException(VerificationStage.Bundle, "material_ambiguous", "The bundle has to name exactly one of certificate, x509CertificateChain and publicKey.");
        }

        if (chain is not null)
        {
            return ReadChain(chain, format);
        }

        return single is null ? [] : [single.Required("rawBytes").Bytes()];
    }

    private static List<byte[]> ReadChain(JsonCursor chain, BundleFormat format)
    {
        if (format == BundleFormat.V03)
        {
            throw new VerificationException(VerificationStage.Bundle, "chain_not_allowed", "A bundle of version 0.3 carries one certificate, not a chain.");
        }

        List<byte[]> certificates = [.. chain.Required("certificates").Items(MaxCertificates).Select(c => c.Required("rawBytes").Bytes())];
        return certificates.Count > 0
            ? certificates
            : throw new VerificationException(VerificationStage.Bundle, "chain_empty", "The bundle's certificate chain is empty.");
    }

    private static SignedContent ReadContent(JsonCursor bundle)
    {
        var (message, envelope) = (bundle.Optional("messageSignature"), bundle.Optional("dsseEnvelope"));
        if ((message is null) == (envelope is null))
        {
            throw new VerificationException(VerificationStage.Bundle, "content_ambiguous", "The bundle has to hold either a messageSignature or a dsseEnvelope.");
        }

        return envelope is not null ? DsseEnvelope.Read(envelope) : ReadMessage(message!);
    }

    private static MessageSignature ReadMessage(JsonCursor message)
    {
        var signature = message.Required("signature").Bytes();
        return message.Optional("messageDigest") is { } digest
            ? new MessageSignature(signature, ReadAlgorithm(digest.Required("algorithm")), digest.Required("digest").Bytes())
            : new MessageSignature(signature, DigestAlgorithm: null, Digest: null);
    }

    /// <summary>Reads a protobuf HashAlgorithm that this program knows.</summary>
    public static HashAlgorithmName ReadAlgorithm(JsonCursor algorithm)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        return algorithm.Text() switch
        {
            "SHA2_256" => HashAlgorithmName.SHA256,
            "SHA2_384" => HashAlgorithmName.SHA384,
            "SHA2_512" => HashAlgorithmName.SHA512,
            _ => throw algorithm.Fault("is none of SHA2_256, SHA2_384 and SHA2_512"),
        };
    }

    private static LogEntry ReadLogEntry(JsonCursor entry)
    {
        var kind = entry.Required("kindVersion");
        return new LogEntry(
            entry.Required("logId").Required("keyId").Bytes(),
            entry.Optional("logIndex")?.WholeNumber() ?? 0,
            kind.Required("kind").Text(),
            kind.Required("version").Text(),
            entry.Optional("integratedTime")?.WholeNumber(),
            entry.Optional("inclusionPromise")?.Required("signedEntryTimestamp").Bytes(),
            entry.Optional("inclusionProof") is { } proof ? ReadProof(proof) : null,
            entry.Required("canonicalizedBody").Bytes());
    }

    private static InclusionProof ReadProof(JsonCursor proof) => new(
        proof.Optional("logIndex")?.WholeNumber() ?? 0,
        proof.Required("treeSize").WholeNumber(),
        proof.Required("rootHash").Bytes(),
        [.. (proof.Optional("hashes")?.Items(MaxProofHashes) ?? []).Select(h => h.Bytes())],
        proof.Optional("checkpoint")?.Required("envelope").Text());
}
