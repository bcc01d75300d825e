using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>A pointer to content. What it may carry besides, such as <c>urls</c> or inline <c>data</c>, is not looked at.</summary>
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
    public string? Annotation(string name) => ReadString(Annotations, name);

    /// <summary>A string member, or null.</summary>
    public static string? ReadString(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
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
