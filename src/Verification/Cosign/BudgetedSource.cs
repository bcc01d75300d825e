using Actors.Verification.Oci;

namespace Actors.Verification.Cosign;

/// <summary>A source that gives what is attached to one image up to a total: all of it is held until the image is decided. For one decision: not safe to share between threads.</summary>
internal sealed class BudgetedSource(IImageSource source) : IImageSource
{
    private long _bytes;

    /// <inheritdoc/>
    public OciLimits Limits => source.Limits;

    /// <inheritdoc/>
    public async Task<OciManifest> GetManifestAsync(OciRepository repository, string tag, CancellationToken cancellationToken) =>
        Counted(repository, await source.GetManifestAsync(repository, tag, cancellationToken));

    /// <inheritdoc/>
    public async Task<OciManifest> GetManifestAsync(OciRepository repository, OciDigest digest, CancellationToken cancellationToken) =>
        Counted(repository, await source.GetManifestAsync(repository, digest, cancellationToken));

    /// <inheritdoc/>
    public async Task<VerifiedBytes> GetBlobAsync(OciRepository repository, OciDescriptor blob, int cap, CancellationToken cancellationToken)
    {
        var content = await source.GetBlobAsync(repository, blob, cap, cancellationToken);
        Take(repository, content.Length);
        return content;
    }

    /// <inheritdoc/>
    public Task<ReferrerList> ListReferrersAsync(OciRepository repository, OciDigest subject, string? artifactType, CancellationToken cancellationToken) =>
        source.ListReferrersAsync(repository, subject, artifactType, cancellationToken);

    private OciManifest Counted(OciRepository repository, OciManifest manifest)
    {
        Take(repository, manifest.Content.Length);
        return manifest;
    }

    private void Take(OciRepository repository, long bytes)
    {
        _bytes += bytes;
        if (_bytes > Limits.AttachedBytes)
        {
            throw new RegistryException(
                RegistryFault.TooLarge,
                $"What is attached to an image of {repository} has more than {Limits.AttachedBytes} bytes together, the most that is looked at. Remove attachments that are not needed.");
        }
    }
}
