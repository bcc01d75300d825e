using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>A manifest or index whose bytes were hashed here and whose type is what its registry says it is.</summary>
/// <param name="Digest">Computed from the bytes.</param>
/// <param name="MediaType">One of <see cref="OciMediaTypes.Manifests"/>.</param>
/// <param name="Root">The JSON object.</param>
internal sealed record OciManifest(OciDigest Digest, string MediaType, JsonElement Root)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Checks the type rules that keep one digest from meaning two things.</summary>
    /// <exception cref="RegistryException">The body is no manifest of that type.</exception>
    public static OciManifest Parse(string what, OciDigest digest, string mediaType, ReadOnlyMemory<byte> bytes)
    {
        var root = ParseJson(what, bytes);
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("schemaVersion", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != 2)
        {
            throw Broken($"{what} is no manifest of schema version 2. Push the image again with a current tool.");
        }

        CheckDeclaredType(what, mediaType, root);
        var isIndex = OciMediaTypes.IsIndex(mediaType);
        if (root.TryGetProperty(isIndex ? "layers" : "manifests", out _) || (isIndex && root.TryGetProperty("config", out _)))
        {
            throw Broken($"{what} is a manifest and an index at once. Push the image again with a current tool.");
        }

        if (isIndex)
        {
            CheckChildren(what, root);
        }

        return new OciManifest(digest, mediaType, root);
    }

    private static void CheckDeclaredType(string what, string mediaType, JsonElement root)
    {
        if (!root.TryGetProperty("mediaType", out var declared))
        {
            // Optional in OCI, mandatory in Docker's format.
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

    private static void CheckChildren(string what, JsonElement root)
    {
        if (!root.TryGetProperty("manifests", out var children) || children.ValueKind != JsonValueKind.Array)
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

    private static JsonElement ParseJson(string what, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is not JSON without duplicate properties. Push the image again.", e);
        }
    }

    private static RegistryException Broken(string message) => new(RegistryFault.Protocol, message);
}

/// <summary>A pointer to content.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Digest">SHA-256.</param>
/// <param name="Size">Bytes, not negative.</param>
/// <param name="Annotations">The annotations object, or an undefined element.</param>
internal sealed record OciDescriptor(string MediaType, OciDigest Digest, long Size, JsonElement Annotations)
{
    /// <summary>Reads a descriptor; false when a mandatory member is missing or of the wrong kind.</summary>
    public static bool TryRead(JsonElement element, [NotNullWhen(true)] out OciDescriptor? descriptor)
    {
        descriptor = null;
        if (element.ValueKind != JsonValueKind.Object
            || ReadString(element, "mediaType") is not { Length: > 0 } mediaType
            || !OciDigest.TryParse(ReadString(element, "digest"), out var digest)
            || !element.TryGetProperty("size", out var size) || size.ValueKind != JsonValueKind.Number
            || !size.TryGetInt64(out var bytes) || bytes < 0)
        {
            return false;
        }

        element.TryGetProperty("annotations", out var annotations);
        descriptor = new OciDescriptor(mediaType, digest, bytes, annotations);
        return true;
    }

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string name) => Annotations.ValueKind == JsonValueKind.Object ? ReadString(Annotations, name) : null;

    private static string? ReadString(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escape that is half of a surrogate pair is no text.
            return null;
        }
    }
}
