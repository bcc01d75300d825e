using System.Security.Cryptography;
using System.Text;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Compares what was logged with the signature that is being verified: same digest, same signature, same certificate or key.</summary>
internal static class LogEntryBinding
{
    private const string Malformed = "log_entry_malformed";

    /// <summary>Throws unless the entry is of exactly this signature.</summary>
    /// <param name="verifier">DER of the signer's certificate, or SubjectPublicKeyInfo of its key.</param>
    public static void Demand(LogEntry entry, SignedContent content, ArtifactDigest artifact, ReadOnlyMemory<byte> verifier)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var body = JsonCursor.Parse(entry.Body, "log entry", SigstoreBundle.MaxBytes, VerificationStage.TransparencyLog, Malformed);
        var (kind, version) = (body.Required("kind").Text(), body.Required("apiVersion").Text());
        DemandKind(entry, kind, version);
        var logged = Read(body.Required("spec"), kind, version, content);
        DemandDigest(logged, content, artifact);
        DemandSignature(logged, content);
        DemandVerifier(logged, verifier);
    }

    private static void DemandKind(LogEntry entry, string kind, string version)
    {
        // The legacy layout names the kind in the body alone.
        if ((entry.Kind is not null && entry.Kind != kind) || (entry.Version is not null && entry.Version != version))
        {
            throw Fault("log_entry_kind_mismatch", $"The log entry is announced as {entry.Kind} {entry.Version}, but is {kind} {version}.");
        }
    }

    private static LoggedSignature Read(JsonCursor spec, string kind, string version, SignedContent content) => (kind, version, content) switch
    {
        // Only version 2 logs hash an envelope's signed bytes; a version 1 log holds envelopes as dsse or intoto.
        ("hashedrekord", "0.0.1", MessageSignature) => ReadHashedRekordV1(spec),
        ("hashedrekord", "0.0.2", _) => ReadHashedRekordV2(spec.Required("hashedRekordV002")),
        ("dsse", "0.0.1", DsseEnvelope) => ReadDsseV1(spec),
        ("dsse", "0.0.2", DsseEnvelope) => ReadDsseV2(spec.Required("dsseV002")),
        ("intoto", "0.0.2", DsseEnvelope) => ReadInTotoV2(spec.Required("content"), (DsseEnvelope)content),
        _ => throw Fault("log_entry_kind_unsupported", $"A log entry of kind {kind} {version} cannot be bound to this signature."),
    };

    private static LoggedSignature ReadHashedRekordV1(JsonCursor spec)
    {
        var hash = spec.Required("data").Required("hash");
        var signature = spec.Required("signature");
        return new LoggedSignature(ReadAlgorithm(hash), ReadHex(hash.Required("value")), OfPayload: false, signature.Required("content").Bytes(), FromPem(signature.Required("publicKey").Required("content")));
    }

    private static LoggedSignature ReadHashedRekordV2(JsonCursor spec)
    {
        var data = spec.Required("data");
        var signature = spec.Required("signature");
        return new LoggedSignature(BundleReader.ReadAlgorithm(data.Required("algorithm")), data.Required("digest").Bytes(), OfPayload: false, signature.Required("content").Bytes(), ReadVerifier(signature.Required("verifier")));
    }

    private static LoggedSignature ReadDsseV1(JsonCursor spec)
    {
        var hash = spec.Required("payloadHash");
        var signature = Single(spec.Required("signatures"));
        return new LoggedSignature(ReadAlgorithm(hash), ReadHex(hash.Required("value")), OfPayload: true, signature.Required("signature").Bytes(), FromPem(signature.Required("verifier")));
    }

    private static LoggedSignature ReadDsseV2(JsonCursor spec)
    {
        var hash = spec.Required("payloadHash");
        var signature = Single(spec.Required("signatures"));
        return new LoggedSignature(BundleReader.ReadAlgorithm(hash.Required("algorithm")), hash.Required("digest").Bytes(), OfPayload: true, signature.Required("content").Bytes(), ReadVerifier(signature.Required("verifier")));
    }

    private static LoggedSignature ReadInTotoV2(JsonCursor content, DsseEnvelope envelope)
    {
        var hash = content.Required("payloadHash");
        var logged = content.Required("envelope");
        DemandPayloadType(logged.Required("payloadType").Text(), envelope);
        var signature = Single(logged.Required("signatures"));

        // The log encodes once more what is base64 already.
        var sig = signature.Required("sig");
        return StrictBase64.TryDecode(Encoding.Latin1.GetString(sig.Bytes()), SigstoreBundle.MaxBytes, out var bytes)
            ? new LoggedSignature(ReadAlgorithm(hash), ReadHex(hash.Required("value")), OfPayload: true, bytes, FromPem(signature.Required("publicKey")))
            : throw sig.Fault("is not base64 twice");
    }

    // The digest below is of the payload alone, so its type is bound apart.
    private static void DemandPayloadType(string logged, DsseEnvelope envelope)
    {
        if (logged != envelope.PayloadType)
        {
            throw Fault("log_entry_payload_type_mismatch", "The log entry is of a payload of another type.");
        }
    }

    private static void DemandDigest(LoggedSignature logged, SignedContent content, ArtifactDigest artifact)
    {
        var expected = logged.OfPayload
            ? CryptographicOperations.HashData(logged.Algorithm, ((DsseEnvelope)content).Payload)
            : content.DigestOfSigned(artifact, logged.Algorithm)
                ?? throw new VerificationException(VerificationStage.Artifact, ContentVerifier.BytesNeeded, $"The log entry holds a {logged.Algorithm} digest, so the artifact's bytes are needed, not only its SHA-256.");
        if (!logged.Digest.AsSpan().SequenceEqual(expected))
        {
            throw Fault("log_entry_digest_mismatch", "The log entry is of other content.");
        }
    }

    private static void DemandSignature(LoggedSignature logged, SignedContent content)
    {
        if (!logged.Signature.AsSpan().SequenceEqual(content.Signature))
        {
            throw Fault("log_entry_signature_mismatch", "The log entry is of another signature.");
        }
    }

    private static void DemandVerifier(LoggedSignature logged, ReadOnlyMemory<byte> verifier)
    {
        if (!logged.Verifier.AsSpan().SequenceEqual(verifier.Span))
        {
            throw Fault("log_entry_verifier_mismatch", "The log entry names another certificate or key.");
        }
    }

    private static JsonCursor Single(JsonCursor signatures)
    {
        var items = signatures.Items(max: 16);
        return items.Count == 1 ? items[0] : throw signatures.Fault($"has {items.Count} items instead of one");
    }

    private static byte[] ReadVerifier(JsonCursor verifier)
    {
        var certificate = verifier.Optional("x509Certificate");
        var key = verifier.Optional("publicKey");
        return (certificate is null) == (key is null)
            ? throw verifier.Fault("has to hold either a certificate or a public key")
            : (certificate ?? key)!.Required("rawBytes").Bytes();
    }

    private static HashAlgorithmName ReadAlgorithm(JsonCursor hash)
    {
        var algorithm = hash.Required("algorithm");
        return algorithm.Text() switch
        {
            "sha256" => HashAlgorithmName.SHA256,
            "sha384" => HashAlgorithmName.SHA384,
            "sha512" => HashAlgorithmName.SHA512,
            _ => throw algorithm.Fault("is none of sha256, sha384 and sha512"),
        };
    }

    private static byte[] ReadHex(JsonCursor hex)
    {
        try
        {
            return Convert.FromHexString(hex.Text());
        }
        catch (FormatException)
        {
            throw hex.Fault("is not hex");
        }
    }

    private static byte[] FromPem(JsonCursor pem) =>
        Pem.TryReadSingle(Encoding.Latin1.GetString(pem.Bytes()), out var der) ? der : throw pem.Fault("is no single PEM certificate or public key");

    private static VerificationException Fault(string code, string message) => new(VerificationStage.TransparencyLog, code, message);

    /// <param name="OfPayload">The digest is of a DSSE payload alone, not of what was signed.</param>
    private sealed record LoggedSignature(HashAlgorithmName Algorithm, byte[] Digest, bool OfPayload, byte[] Signature, byte[] Verifier);
}
