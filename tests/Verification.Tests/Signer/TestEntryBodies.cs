using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>What is signed: either a message (its digest) or a DSSE envelope's payload.</summary>
/// <param name="Signed">The exact bytes under the signature: the artifact or the envelope's PAE.</param>
/// <param name="Signature">Over them.</param>
/// <param name="Payload">Of the envelope; null for a message.</param>
/// <param name="PayloadType">Of the envelope.</param>
/// <param name="EnvelopeJson">The envelope, serialised.</param>
/// <param name="Key">That signed.</param>
/// <param name="Certificate">For the key; null for a bare key.</param>
internal sealed record SignedContent(byte[] Signed, byte[] Signature, byte[]? Payload, string PayloadType, string? EnvelopeJson, TestKey Key, X509Certificate2? Certificate)
{
    /// <summary>Base64 of PEM: what version 1 logs as the verifier.</summary>
    public string VerifierPem => Base64(Encoding.UTF8.GetBytes(Certificate is null ? Key.Pem : Certificate.ExportCertificatePem() + "\n"));

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes);
}

/// <summary>The bodies of log entries, members in canonical order.</summary>
internal static class TestEntryBodies
{
    public static JsonObject Of(int version, string kind, SignedContent content) => (version, kind) switch
    {
        (1, "hashedrekord") => HashedRekordV1(content),
        (1, "dsse") => DsseV1(content),
        (1, "intoto") => IntotoV2(content),
        (2, "hashedrekord") => HashedRekordV2(content),
        (2, "dsse") => DsseV2(content),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static JsonObject HashedRekordV1(SignedContent content) => Entry("hashedrekord", "0.0.1", new JsonObject
    {
        ["data"] = new JsonObject { ["hash"] = Hash(content.Signed) },
        ["signature"] = new JsonObject
        {
            ["content"] = Base64(content.Signature),
            ["publicKey"] = new JsonObject { ["content"] = content.VerifierPem },
        },
    });

    private static JsonObject DsseV1(SignedContent content) => Entry("dsse", "0.0.1", new JsonObject
    {
        ["envelopeHash"] = Hash(Encoding.UTF8.GetBytes(content.EnvelopeJson!)),
        ["payloadHash"] = Hash(content.Payload!),
        ["signatures"] = new JsonArray(new JsonObject { ["signature"] = Base64(content.Signature), ["verifier"] = content.VerifierPem }),
    });

    private static JsonObject IntotoV2(SignedContent content) => Entry("intoto", "0.0.2", new JsonObject
    {
        ["content"] = new JsonObject
        {
            ["envelope"] = new JsonObject
            {
                ["payloadType"] = content.PayloadType,
                ["signatures"] = new JsonArray(new JsonObject
                {
                    ["publicKey"] = content.VerifierPem,
                    ["sig"] = Base64(Encoding.UTF8.GetBytes(Base64(content.Signature))),
                }),
            },
            ["hash"] = Hash(Encoding.UTF8.GetBytes(content.EnvelopeJson!)),
            ["payloadHash"] = Hash(content.Payload!),
        },
    });

    private static JsonObject HashedRekordV2(SignedContent content) => Entry("hashedrekord", "0.0.2", new JsonObject
    {
        ["hashedRekordV002"] = new JsonObject
        {
            ["data"] = HashV2(content.Signed),
            ["signature"] = SignatureV2(content),
        },
    });

    private static JsonObject DsseV2(SignedContent content) => Entry("dsse", "0.0.2", new JsonObject
    {
        ["dsseV002"] = new JsonObject
        {
            ["payloadHash"] = HashV2(content.Payload!),
            ["signatures"] = new JsonArray(SignatureV2(content)),
        },
    });

    private static JsonObject SignatureV2(SignedContent content)
    {
        var verifier = new JsonObject { ["keyDetails"] = content.Key.KeyDetails };
        if (content.Certificate is { } certificate)
        {
            verifier["x509Certificate"] = new JsonObject { ["rawBytes"] = Base64(certificate.RawData) };
        }
        else
        {
            verifier["publicKey"] = new JsonObject { ["rawBytes"] = Base64(content.Key.Spki) };
        }

        return new JsonObject { ["content"] = Base64(content.Signature), ["verifier"] = verifier };
    }

    private static JsonObject Entry(string kind, string version, JsonObject spec) => new() { ["apiVersion"] = version, ["kind"] = kind, ["spec"] = spec };

    private static JsonObject Hash(byte[] bytes) => new() { ["algorithm"] = "sha256", ["value"] = Convert.ToHexStringLower(SHA256.HashData(bytes)) };

    private static JsonObject HashV2(byte[] bytes) => new() { ["algorithm"] = "SHA2_256", ["digest"] = Base64(SHA256.HashData(bytes)) };

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes);
}
