using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>An image whose reference was resolved exactly once.</summary>
/// <param name="Top">What the reference means: signatures are looked for under its digest.</param>
/// <param name="Image">What runs: <paramref name="Top"/> itself, or the child that its verified bytes list for the platform.</param>
internal sealed record ResolvedImage(OciManifest Top, OciManifest Image)
{
    /// <summary>True when a signature of <see cref="Top"/> covers <see cref="Image"/> through the index.</summary>
    public bool IsIndex => !ReferenceEquals(Top, Image);
}

/// <summary>From a reference to the manifest that runs.</summary>
internal static class ImageResolver
{
    /// <summary>Reads the manifest once; the digest wins over the tag.</summary>
    /// <exception cref="RegistryException">Also when an index has nothing for the platform.</exception>
    public static async Task<ResolvedImage> ResolveAsync(
        this IImageSource source, OciRepository repository, string? tag, OciDigest? digest, OciPlatform platform, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        var top = digest is not null
            ? await source.GetManifestAsync(repository, digest, cancellationToken)
            : await source.GetManifestAsync(repository, tag ?? "latest", cancellationToken);
        if (!OciMediaTypes.IsIndex(top.MediaType))
        {
            return new ResolvedImage(top, top);
        }

        var child = Choose(top, platform, $"{repository}@{top.Digest}");
        var image = await source.GetManifestAsync(repository, child, cancellationToken);
        return new ResolvedImage(top, image);
    }

    /// <summary>The first of the best entries for the platform. Entries without a platform are attestations or guesses: never chosen.</summary>
    public static OciDescriptor Choose(OciManifest index, OciPlatform platform, string what)
    {
        OciDescriptor? best = null;
        var rate = 0;
        foreach (var entry in index.Root.GetProperty("manifests").EnumerateArray())
        {
            if (OciDescriptor.TryRead(entry, out var descriptor) && OciMediaTypes.IsImage(descriptor.MediaType)
                && PlatformOf(entry) is { } offered && platform.Rate(offered) is var offer && offer > rate)
            {
                (best, rate) = (descriptor, offer);
            }
        }

        return best ?? throw new RegistryException(RegistryFault.NoPlatform, $"{what} has no image for {platform}. Push one for it, or choose another image.");
    }

    private static OciPlatform? PlatformOf(JsonElement entry) =>
        entry.TryGetProperty("platform", out var platform) && platform.ValueKind == JsonValueKind.Object
        && OciDescriptor.ReadString(platform, "os") is { } os && OciDescriptor.ReadString(platform, "architecture") is { } architecture
            ? new OciPlatform(os, architecture, OciDescriptor.ReadString(platform, "variant"))
            : null;
}
