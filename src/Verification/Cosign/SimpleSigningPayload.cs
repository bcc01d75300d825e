using System.Text.Json;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Cosign;

/// <summary>The signed statement of a signature in the tag layout.</summary>
internal static class SimpleSigningPayload
{
    private const string SignatureType = "cosign container image signature";
    private static JsonDocumentOptions Strict => new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Throws <see cref="VerificationException"/> unless the payload vouches for exactly this digest.</summary>
    public static void Require(OciDigest digest, ReadOnlyMemory<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(digest);
        using var document = Parse(payload);
        var critical = OciDescriptor.Member(document.RootElement, "critical");
        RequireType(critical);
        RequireDigest(critical, digest);
    }

    private static void RequireType(JsonElement critical)
    {
        if (OciDescriptor.ReadString(critical, "type") != SignatureType)
        {
            throw new VerificationException(VerificationStage.Payload, "payload_type_mismatch", $"Its critical.type is not '{SignatureType}'.");
        }
    }

    private static void RequireDigest(JsonElement critical, OciDigest digest)
    {
        if (OciDescriptor.ReadString(OciDescriptor.Member(critical, "image"), "docker-manifest-digest") != digest.ToString())
        {
            throw new VerificationException(VerificationStage.Artifact, "digest_mismatch", "It was made for another image (critical.image.docker-manifest-digest differs).");
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JsonDocument.Parse(payload, Strict);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new VerificationException(VerificationStage.Payload, "payload_malformed", "Its payload is not JSON without duplicate properties.");
        }
    }
}
