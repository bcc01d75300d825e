using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>A body as it came in. It can be turned into <see cref="VerifiedBytes"/>, or be read as hints: names of things to fetch by digest, never evidence.</summary>
internal readonly struct UncheckedBytes(byte[] bytes)
{
    private static JsonDocumentOptions Strict => new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>In bytes.</summary>
    public int Length => bytes.Length;

    /// <summary>For content that was asked for by a name.</summary>
    public VerifiedBytes AsNamed() => VerifiedBytes.Named(bytes);

    /// <summary>For content that was asked for by digest.</summary>
    public VerifiedBytes AsExpected(string what, OciDigest digest) => VerifiedBytes.Expected(what, bytes, digest);

    /// <summary>For content that was asked for by descriptor.</summary>
    public VerifiedBytes AsExpected(string what, OciDescriptor descriptor) => VerifiedBytes.Expected(what, bytes, descriptor);

    /// <summary>A JSON object that has no digest: a list of referrers, a token's answer, a layout's index.</summary>
    /// <exception cref="RegistryException">No JSON object.</exception>
    public JsonElement AsHints(string what) => ReadObject(what, bytes);

    /// <summary>A JSON object without duplicate properties, at most 32 deep, all of whose strings are text.</summary>
    /// <exception cref="RegistryException">Anything else.</exception>
    public static JsonElement ReadObject(string what, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                RequireText(document.RootElement);
                return document.RootElement.Clone();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // An escape that is half of a surrogate pair parses, but is no text: reading it throws the latter.
            throw new RegistryException(RegistryFault.Protocol, $"{what} is not JSON without duplicate properties. Push the image again, or mend the registry.", e);
        }

        throw new RegistryException(RegistryFault.Protocol, $"{what} is no JSON object, so no manifest of schema version 2. Push the image again, or mend the registry.");
    }

    private static void RequireText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    RequireText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    RequireText(property.Value);
                }

                break;
            default:
                break;
        }
    }
}
