namespace Actors.Verification.Oci;

/// <summary>Media types that the client knows.</summary>
internal static class OciMediaTypes
{
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";

    private const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+";

    /// <summary>All are asked for always: a registry answers 404 for a manifest whose type was not asked for.</summary>
    public static IReadOnlyList<string> Manifests { get; } = [OciManifest, OciIndex, DockerManifest, DockerIndex];

    /// <summary>True for a list of manifests per platform.</summary>
    public static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerIndex;

    /// <summary>True for a single image or artifact.</summary>
    public static bool IsImage(string mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>True for the old Docker format, whose digest does not cover its bytes.</summary>
    public static bool IsSchema1(string mediaType) => mediaType.StartsWith(DockerSchema1, StringComparison.Ordinal);
}
