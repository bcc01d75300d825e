using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>A manifest or index whose bytes were hashed here and whose type is what its source says it is.</summary>
internal sealed class OciManifest
{
    private OciManifest(VerifiedBytes content, string mediaType, JsonElement root) => (Content, MediaType, Root) = (content, mediaType, root);

    /// <summary>The very bytes that <see cref="Root"/> was read from.</summary>
    public VerifiedBytes Content { get; }

    /// <summary>Computed from the bytes.</summary>
    public OciDigest Digest => Content.Digest;

    /// <summary>One of <see cref="OciMediaTypes.Manifests"/>.</summary>
    public string MediaType { get; }

    /// <summary>The JSON object.</summary>
    public JsonElement Root { get; }

    /// <summary>What it says it is attached to; null for nothing.</summary>
    public OciDescriptor? Subject => Root.TryGetProperty("subject", out var subject) && OciDescriptor.TryRead(subject, out var descriptor) ? descriptor : null;

    /// <summary>Its own word on what it is: <c>artifactType</c>, else the config's media type, else null.</summary>
    public string? ArtifactType => OciDescriptor.ReadString(Root, "artifactType") is { Length: > 0 } type
        ? type
        : Root.TryGetProperty("config", out var config) ? OciDescriptor.ReadString(config, "mediaType") : null;

    /// <summary>Its layers in order; null stands for one that is no descriptor.</summary>
    public IReadOnlyList<OciDescriptor?> Layers => Root.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array
        ? [.. layers.EnumerateArray().Select(l => OciDescriptor.TryRead(l, out var descriptor) ? descriptor : null)]
        : [];

    /// <summary>Checks the type rules that keep one digest from meaning two things.</summary>
    /// <exception cref="RegistryException">The body is no manifest of that type.</exception>
    public static OciManifest Parse(string what, string mediaType, VerifiedBytes content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var root = UncheckedBytes.ReadObject(what, content.Memory);
        RequireSchema2(what, root);
        RequireDeclaredType(what, mediaType, root);
        RequireOneKind(what, mediaType, root);
        if (OciMediaTypes.IsIndex(mediaType))
        {
            RequireFlatIndex(what, root);
        }

        return new OciManifest(content, mediaType, root);
    }

    /// <summary>Refuses every schema version but 2.</summary>
    public static void RequireSchema2(string what, JsonElement root)
    {
        var version = OciDescriptor.Member(root, "schemaVersion");
        if (version.ValueKind != JsonValueKind.Number || version.GetRawText() != "2")
        {
            throw Broken($"{what} is no manifest of schema version 2. Push the image again with a current tool.");
        }
    }

    /// <summary>Refuses a body that names another type than its source. Optional in OCI, mandatory in Docker's format.</summary>
    public static void RequireDeclaredType(string what, string mediaType, JsonElement root)
    {
        if (!root.TryGetProperty("mediaType", out var declared))
        {
            if (mediaType is OciMediaTypes.DockerManifest or OciMediaTypes.DockerIndex)
            {
                throw Broken($"{what} names no mediaType. Push the image again with a current tool.");
            }
        }
        else if (declared.ValueKind != JsonValueKind.String || declared.GetString() != mediaType)
        {
            throw Broken($"{what} names another mediaType than the registry's Content-Type '{mediaType}'. Push the image again or mend the registry.");
        }
    }

    private static void RequireOneKind(string what, string mediaType, JsonElement root)
    {
        var isIndex = OciMediaTypes.IsIndex(mediaType);
        if (root.TryGetProperty(isIndex ? "layers" : "manifests", out _) || (isIndex && root.TryGetProperty("config", out _)))
        {
            throw Broken($"{what} is a manifest and an index at once. Push the image again with a current tool.");
        }
    }

    private static void RequireFlatIndex(string what, JsonElement root)
    {
        var children = OciDescriptor.Member(root, "manifests");
        if (children.ValueKind != JsonValueKind.Array)
        {
            throw Broken($"{what} is an index without manifests. Push the image again.");
        }

        foreach (var child in children.EnumerateArray())
        {
            if (!OciDescriptor.TryRead(child, out var descriptor))
            {
                throw Broken($"{what} is an index with an entry that lacks a mediaType, a sha256 digest or a size. Push the image again.");
            }

            if (OciMediaTypes.IsIndex(descriptor.MediaType))
            {
                throw Broken($"{what} is an index that holds another index. Push one flat index.");
            }
        }
    }

    private static RegistryException Broken(string message) => new(RegistryFault.Protocol, message);
}
