using System.Text;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>A signature in cosign's tag layout, as its annotations hold it.</summary>
/// <param name="Payload">The exact bytes of the layer: a simple-signing payload, or a DSSE envelope for an attestation.</param>
/// <param name="SignatureBase64"><c>dev.cosignproject.cosign/signature</c>; ignored for an attestation, whose envelope holds it.</param>
/// <param name="CertificatePem"><c>dev.sigstore.cosign/certificate</c>.</param>
/// <param name="ChainPem"><c>dev.sigstore.cosign/chain</c>: a hint only.</param>
/// <param name="RekorBundleJson"><c>dev.sigstore.cosign/bundle</c>.</param>
/// <param name="Rfc3161Json"><c>dev.sigstore.cosign/rfc3161timestamp</c>.</param>
internal sealed record LegacySignature(
    ReadOnlyMemory<byte> Payload,
    string? SignatureBase64,
    string? CertificatePem = null,
    string? ChainPem = null,
    string? RekorBundleJson = null,
    string? Rfc3161Json = null);

/// <summary>Verifies signatures and attestations in cosign's tag layout. What a simple-signing payload says is the caller's to check, after this.</summary>
internal static class LegacySignatureVerifier
{
    private const string Malformed = "annotation_malformed";
    private const int MaxAnnotationBytes = 256 * 1024;
    private const int MaxChain = 10;

    /// <summary>Verifies a signature over the payload's bytes. Throws <see cref="VerificationException"/>.</summary>
    public static VerifiedBundle Verify(LegacySignature signature, BundleDemands demands)
    {
        ArgumentNullException.ThrowIfNull(signature);
        if (!StrictBase64.TryDecode(signature.SignatureBase64 ?? "", MaxAnnotationBytes, out var bytes))
        {
            throw Fault("The signature annotation is missing or not canonical base64.");
        }

        var content = new MessageSignature(bytes, DigestAlgorithm: null, Digest: null);
        return BundleVerifier.Verify(Assemble(signature, content), ArtifactDigest.OfBytes(signature.Payload), demands);
    }

    /// <summary>Verifies an attestation (DSSE envelope) for this artifact. Throws <see cref="VerificationException"/>.</summary>
    public static VerifiedBundle VerifyAttestation(LegacySignature attestation, ArtifactDigest artifact, BundleDemands demands)
    {
        ArgumentNullException.ThrowIfNull(attestation);
        var envelope = JsonCursor.Parse(attestation.Payload, "envelope", SigstoreBundle.MaxBytes, VerificationStage.Bundle, BundleReader.Malformed);

        // Cosign has the whole envelope timestamped here, which covers its signature.
        return BundleVerifier.Verify(Assemble(attestation, DsseEnvelope.Read(envelope)) with { Timestamped = attestation.Payload }, artifact, demands);
    }

    private static SigstoreBundle Assemble(LegacySignature signature, SignedContent content)
    {
        var certificates = ReadPem(signature.CertificatePem, max: 1, "certificate");
        return new SigstoreBundle
        {
            Format = BundleFormat.CosignLegacy,
            Certificate = certificates.Count == 0 ? null : certificates[0],
            Intermediates = ReadPem(signature.ChainPem, MaxChain, "chain"),
            Content = content,
            LogEntries = signature.RekorBundleJson is { Length: > 0 } bundle ? [ReadLogEntry(bundle)] : [],
            Timestamps = signature.Rfc3161Json is { Length: > 0 } timestamp ? [Parse(timestamp, "rfc3161timestamp").Required("SignedRFC3161Timestamp").Bytes()] : [],
        };
    }

    private static LogEntry ReadLogEntry(string json)
    {
        var bundle = Parse(json, "bundle");
        var payload = bundle.Required("Payload");
        var logId = payload.Required("logID");
        byte[] id;
        try
        {
            id = Convert.FromHexString(logId.Text());
        }
        catch (FormatException)
        {
            throw logId.Fault("is not hex");
        }

        return new LogEntry(
            id,
            payload.Required("logIndex").WholeNumber(),
            Kind: null,
            Version: null,
            payload.Required("integratedTime").WholeNumber(),
            bundle.Required("SignedEntryTimestamp").Bytes(),
            Proof: null,
            payload.Required("body").Bytes());
    }

    private static JsonCursor Parse(string json, string annotation) =>
        JsonCursor.Parse(Encoding.UTF8.GetBytes(json), $"annotation {annotation}", MaxAnnotationBytes, VerificationStage.Bundle, Malformed);

    private static List<byte[]> ReadPem(string? pem, int max, string annotation)
    {
        if (string.IsNullOrEmpty(pem))
        {
            return [];
        }

        return pem.Length <= MaxAnnotationBytes && Pem.TryReadAll(pem, max, out var blocks, Pem.Certificate) && blocks.Count > 0
            ? blocks
            : throw Fault($"The annotation {annotation} does not hold 1 to {max} PEM certificates.");
    }

    private static VerificationException Fault(string message) => new(VerificationStage.Bundle, Malformed, message);
}
