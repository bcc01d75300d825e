using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Cosign;

/// <summary>Something attached to an image that may vouch for it. Content is fetched when it is first needed, and once.</summary>
/// <param name="format">Layout, for evidence.</param>
internal abstract class Candidate(string format)
{
    /// <summary>Layout, such as <c>cosign_tag</c> or <c>bundle</c>.</summary>
    public string Format { get; } = format;

    /// <summary>Where it is, for evidence: <c>manifest</c>, <c>index</c>, <c>payload</c> as far as they are known.</summary>
    public Dictionary<string, string> Facts { get; } = new(StringComparer.Ordinal);

    /// <summary>Verifies it for exactly this image. Null when it turns out to be something else that is attached there.</summary>
    /// <param name="image">Digest of the image.</param>
    /// <param name="demands">Who must have signed, and what.</param>
    /// <param name="cancellationToken">Ends the wait for the registry.</param>
    /// <exception cref="VerificationException">It does not verify.</exception>
    /// <exception cref="RegistryException">It cannot be had.</exception>
    public abstract Task<VerifiedBundle?> VerifyAsync(OciDigest image, BundleDemands demands, CancellationToken cancellationToken);
}

/// <summary>A list of candidates that could not be read: it fails as whatever it may have held.</summary>
internal sealed class UnreadableCandidate(string format, RegistryException why) : Candidate(format)
{
    /// <inheritdoc/>
    public override Task<VerifiedBundle?> VerifyAsync(OciDigest image, BundleDemands demands, CancellationToken cancellationToken) =>
        Task.FromException<VerifiedBundle?>(why);
}
