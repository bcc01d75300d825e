using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Cosign;

/// <summary>A referrer of the image that may be a Sigstore bundle: a signature or an attestation, as its statement says.</summary>
internal sealed class BundleCandidate : Candidate
{
    /// <summary>What every bundle's media type starts with.</summary>
    public const string TypePrefix = "application/vnd.dev.sigstore.bundle";

    /// <summary>Media type of today's bundles, and artifact type of their manifests.</summary>
    public const string CurrentType = TypePrefix + ".v0.3+json";

    private readonly IImageSource _source;
    private readonly OciRepository _repository;
    private readonly Referrer _referrer;
    private OciManifest? _manifest;
    private SigstoreBundle? _bundle;

    public BundleCandidate(IImageSource source, OciRepository repository, Referrer referrer, ReferrerOrigin origin)
        : base("bundle")
    {
        (_source, _repository, _referrer) = (source, repository, referrer);
        Facts["manifest"] = referrer.Descriptor.Digest.ToString();
        Facts["listed_by"] = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(origin.ToString());
    }

    /// <summary>True when the list claims that it is one.</summary>
    public static bool IsClaimed(Referrer referrer) => referrer.ArtifactType?.StartsWith(TypePrefix, StringComparison.Ordinal) ?? false;

    /// <inheritdoc/>
    public override async Task<VerifiedBundle?> VerifyAsync(OciDigest image, BundleDemands demands, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(demands);
        _manifest ??= await _source.GetReferrerAsync(_repository, image, _referrer, cancellationToken);
        if (FindLayer(_manifest) is not { } layer)
        {
            return null;
        }

        _bundle ??= await ReadAsync(layer, cancellationToken);
        return BundleVerifier.Verify(_bundle, ArtifactDigest.Of(image), demands);
    }

    // The list's word on the type is not enough: tools fill it differently, and nobody signed it.
    private static OciDescriptor? FindLayer(OciManifest manifest)
    {
        var layers = manifest.Layers;
        var layer = layers.FirstOrDefault(l => l is not null && l.MediaType.StartsWith(TypePrefix, StringComparison.Ordinal));
        if (layer is null && manifest.ArtifactType?.StartsWith(TypePrefix, StringComparison.Ordinal) == true)
        {
            throw new VerificationException(VerificationStage.Bundle, "bundle_layer_missing", "Its manifest says that it is a bundle, but holds none.");
        }

        return layer is null || layers.Count == 1
            ? layer
            : throw new VerificationException(VerificationStage.Bundle, "bundle_layer_ambiguous", "Its manifest holds more than the bundle.");
    }

    private async Task<SigstoreBundle> ReadAsync(OciDescriptor layer, CancellationToken cancellationToken)
    {
        Facts["payload"] = layer.Digest.ToString();
        var content = await _source.GetBlobAsync(_repository, layer, _source.Limits.PayloadBytes, cancellationToken);
        return SigstoreBundle.Parse(content.Memory);
    }
}
