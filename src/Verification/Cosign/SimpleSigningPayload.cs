using System.Text.Json;
using Actors.Verification.Oci;

namespace Actors.Verification.Cosign;

/// <summary>The signed statement of a cosign signature.</summary>
internal static class SimpleSigningPayload
{
    private const string SignatureType = "cosign container image signature";
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Why the payload does not vouch for <paramref name="digest"/>; null when it does.</summary>
    public static string? FaultFor(OciDigest digest, ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            var critical = Member(document.RootElement, "critical");
            if (Text(Member(critical, "type")) != SignatureType)
            {
                return $"its critical.type is not '{SignatureType}'";
            }

            return Text(Member(Member(critical, "image"), "docker-manifest-digest")) == digest.ToString()
                ? null
                : "it was made for another image (critical.image.docker-manifest-digest differs)";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "its payload is not JSON without duplicate properties";
        }
    }

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}
