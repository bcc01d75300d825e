using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Cosign;

/// <summary>A layer of the manifest under <c>sha256-HEX.sig</c> or <c>sha256-HEX.att</c>, with what its annotations hold.</summary>
internal sealed class TagCandidate : Candidate
{
    /// <summary>Media type of an attestation's layer.</summary>
    public const string EnvelopeType = "application/vnd.dsse.envelope.v1+json";

    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private const string CertificateAnnotation = "dev.sigstore.cosign/certificate";
    private const string ChainAnnotation = "dev.sigstore.cosign/chain";
    private const string LogAnnotation = "dev.sigstore.cosign/bundle";
    private const string TimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";

    private readonly IImageSource _source;
    private readonly OciRepository _repository;
    private readonly OciDescriptor? _layer;
    private readonly bool _attestation;
    private VerifiedBytes? _payload;

    public TagCandidate(IImageSource source, OciRepository repository, OciDescriptor? layer, bool attestation)
        : base(attestation ? "cosign_attestation_tag" : "cosign_simplesigning")
    {
        (_source, _repository, _layer, _attestation) = (source, repository, layer, attestation);
        if (layer is not null)
        {
            Facts["payload"] = layer.Digest.ToString();
        }
    }

    /// <inheritdoc/>
    public override async Task<VerifiedBundle?> VerifyAsync(OciDigest image, BundleDemands demands, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(demands);
        var layer = RequireDescriptor(_layer);
        RequireMediaType(layer, _attestation ? EnvelopeType : OciMediaTypes.SimpleSigning);
        _payload ??= await _source.GetBlobAsync(_repository, layer, _source.Limits.PayloadBytes, cancellationToken);
        var signature = new LegacySignature(
            _payload.Memory,
            layer.Annotation(SignatureAnnotation),
            layer.Annotation(CertificateAnnotation),
            layer.Annotation(ChainAnnotation),
            layer.Annotation(LogAnnotation),
            layer.Annotation(TimestampAnnotation));
        if (_attestation)
        {
            return LegacySignatureVerifier.VerifyAttestation(signature, ArtifactDigest.Of(image), demands);
        }

        // This layout's signatures are no statements: their payload says what they are. Only bytes that a trusted signatory signed are parsed.
        var verified = LegacySignatureVerifier.Verify(signature, demands with { PredicateType = null });
        SimpleSigningPayload.Require(image, _payload.Memory);
        return verified;
    }

    private static OciDescriptor RequireDescriptor(OciDescriptor? layer) =>
        layer ?? throw new VerificationException(VerificationStage.Bundle, "descriptor_invalid", "Its descriptor lacks a mediaType, a sha256 digest or a size.");

    private static void RequireMediaType(OciDescriptor layer, string expected)
    {
        if (layer.MediaType != expected)
        {
            throw new VerificationException(VerificationStage.Bundle, "media_type_mismatch", $"Its mediaType is not {expected}.");
        }
    }
}
