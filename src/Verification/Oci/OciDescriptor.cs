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
        var mediaType = ReadString(element, "mediaType") ?? "";
        if (mediaType.Length == 0
            || !OciDigest.TryParse(ReadString(element, "digest"), out var digest)
            || Member(element, "size").ValueKind != JsonValueKind.Number
            || !Member(element, "size").TryGetInt64(out var bytes) || bytes < 0)
        {
            return false;
        }

        descriptor = new OciDescriptor(mediaType, digest, bytes, Member(element, "annotations"));
        return true;
    }

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string name) => ReadString(Annotations, name);

    /// <summary>A member; of kind Undefined when there is none, or the element is no object.</summary>
    public static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A string member, or null.</summary>
    public static string? ReadString(JsonElement element, string name)
    {
        var value = Member(element, name);
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An escape that is half of a surrogate pair is no text.
            return null;
        }
    }
}
