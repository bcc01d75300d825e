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
    /// <summary>Verifies a signature over the payload's bytes. Throws <see cref="VerificationException"/>.</summary>
    public static VerifiedBundle Verify(LegacySignature signature, BundleDemands demands) => throw new NotImplementedException();

    /// <summary>Verifies an attestation (DSSE envelope) for this artifact. Throws <see cref="VerificationException"/>.</summary>
    public static VerifiedBundle VerifyAttestation(LegacySignature attestation, ArtifactDigest artifact, BundleDemands demands) => throw new NotImplementedException();
}
