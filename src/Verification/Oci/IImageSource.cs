namespace Actors.Verification.Oci;

/// <summary>Where manifests and blobs come from: a registry, or an image layout on disk. Everything that comes back was hashed here and is within its cap;
/// time is the caller's token. Failures are <see cref="RegistryException"/>.</summary>
internal interface IImageSource
{
    /// <summary>The caps that hold.</summary>
    OciLimits Limits { get; }

    /// <summary>The manifest that the tag points to now.</summary>
    Task<OciManifest> GetManifestAsync(OciRepository repository, string tag, CancellationToken cancellationToken);

    /// <summary>The manifest of that digest.</summary>
    Task<OciManifest> GetManifestAsync(OciRepository repository, OciDigest digest, CancellationToken cancellationToken);

    /// <summary>The blob that the descriptor points to; exactly its size, with its digest.</summary>
    Task<VerifiedBytes> GetBlobAsync(OciRepository repository, OciDescriptor blob, int cap, CancellationToken cancellationToken);

    /// <summary>What refers to that digest. A list is only a hint of what to fetch: nobody has signed it.</summary>
    /// <param name="repository">Where.</param>
    /// <param name="subject">Digest of the image.</param>
    /// <param name="artifactType">Leaves out referrers that say they are of another type; those that say nothing stay. Null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ReferrerList> ListReferrersAsync(OciRepository repository, OciDigest subject, string? artifactType, CancellationToken cancellationToken);
}

/// <summary>Who named the referrers.</summary>
internal enum ReferrerOrigin
{
    /// <summary>The referrers endpoint.</summary>
    Api,

    /// <summary>The index under the tag <c>sha256-HEX</c>.</summary>
    FallbackTag,

    /// <summary>An image layout on disk.</summary>
    Layout,
}

/// <summary>A manifest that says it refers to an image.</summary>
/// <param name="Descriptor">To fetch it by.</param>
/// <param name="ArtifactType">As the list claims; null when it does not say.</param>
internal sealed record Referrer(OciDescriptor Descriptor, string? ArtifactType);

/// <summary>The referrers of one image.</summary>
/// <param name="Origin">Who named them.</param>
/// <param name="Items">In the list's order, each digest once.</param>
/// <param name="Malformed">Entries that were no descriptors and are not among the items.</param>
internal sealed record ReferrerList(ReferrerOrigin Origin, IReadOnlyList<Referrer> Items, int Malformed);

/// <summary>What follows from the basic reads of any source.</summary>
internal static class ImageSourceExtensions
{
    /// <summary>The tag's manifest, or null when the source says there is none.</summary>
    public static async Task<OciManifest?> FindManifestAsync(this IImageSource source, OciRepository repository, string tag, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return await source.GetManifestAsync(repository, tag, cancellationToken);
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>The manifest that the descriptor points to; its digest, size and type.</summary>
    public static async Task<OciManifest> GetManifestAsync(this IImageSource source, OciRepository repository, OciDescriptor descriptor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(descriptor);
        var what = $"Manifest {repository}@{descriptor.Digest}";
        RequireManifestCap(what, descriptor, source.Limits.ManifestBytes);
        var manifest = await source.GetManifestAsync(repository, descriptor.Digest, cancellationToken);
        VerifiedBytes.RequireSize(what, manifest.Content.Length, descriptor);
        RequireType(what, manifest, descriptor);
        return manifest;
    }

    /// <summary>A referrer's manifest, which must itself name the image as its subject.</summary>
    public static async Task<OciManifest> GetReferrerAsync(this IImageSource source, OciRepository repository, OciDigest subject, Referrer referrer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(referrer);
        RequireManifestCap($"Referrer {repository}@{referrer.Descriptor.Digest}", referrer.Descriptor, source.Limits.ReferrerBytes);
        var manifest = await source.GetManifestAsync(repository, referrer.Descriptor, cancellationToken);
        RequireSubject(manifest, subject, $"Referrer {repository}@{manifest.Digest}");
        return manifest;
    }

    private static void RequireManifestCap(string what, OciDescriptor descriptor, int cap)
    {
        if (descriptor.Size > cap)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} is declared with {descriptor.Size} bytes, more than the {cap} that are accepted. Push a smaller one.");
        }
    }

    private static void RequireType(string what, OciManifest manifest, OciDescriptor descriptor)
    {
        if (manifest.MediaType != descriptor.MediaType)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} has another mediaType than the index that lists it says. Push the image again or mend the registry.");
        }
    }

    private static void RequireSubject(OciManifest manifest, OciDigest subject, string what)
    {
        if (manifest.Subject?.Digest != subject)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} does not name {subject} as its subject. Attach it to the image again.");
        }
    }
}
