using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>Follows a recipe: certificate, signature, log entries, time stamps, bundle.</summary>
internal static class RecipeBuilder
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Fixture Build(Recipe recipe)
    {
        var certificate = recipe.Keyless
            ? recipe.World.CtLog.Issue(recipe.Authority ?? recipe.World.Fulcio, recipe.Certificate, recipe.Key, recipe.Sct)
            : null;
        var content = Sign(recipe, certificate);
        List<JsonObject> entries = [.. recipe.Entries.Select(e => Log(recipe, recipe.Logged(content), e))];
        List<byte[]> stamps = [.. recipe.Timestamps.Where(t => !t.Omit).Select(t => (t.Authority ?? recipe.World.Tsa).Stamp(content.Signature, t))];
        var bundle = new JsonObject
        {
            ["mediaType"] = MediaType(recipe.Version),
            ["verificationMaterial"] = Material(recipe, certificate, entries, stamps),
        };
        if (recipe.Dsse)
        {
            bundle["dsseEnvelope"] = JsonNode.Parse(content.EnvelopeJson!);
        }
        else
        {
            bundle["messageSignature"] = MessageSignature(recipe, content);
        }

        recipe.Bundle(bundle);
        var root = SigstoreWorld.Trusted.TrustedRoot();
        recipe.Root(root);
        return new Fixture(Bytes(bundle), Bytes(root), recipe.Artifact, recipe.Key, content, entries, stamps);
    }

    public static string MediaType(int version) => version == 3
        ? "application/vnd.dev.sigstore.bundle.v0.3+json"
        : $"application/vnd.dev.sigstore.bundle+json;version=0.{version}";

    private static SignedContent Sign(Recipe recipe, X509Certificate2? certificate)
    {
        if (!recipe.Dsse)
        {
            var message = recipe.Signature(recipe.Key.Sign(recipe.Signed(recipe.Artifact)));
            return new SignedContent(recipe.Artifact, message, null, "", null, recipe.Key, certificate);
        }

        var payload = recipe.Payload(Bytes(recipe.StatementJson()));
        var pae = Recipe.Pae(recipe.PayloadType, payload);
        var signature = recipe.Signature(recipe.Key.Sign(recipe.Signed(pae)));
        var envelope = new JsonObject
        {
            ["payload"] = Convert.ToBase64String(payload),
            ["payloadType"] = recipe.PayloadType,
            ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(signature) }),
        };
        return new SignedContent(pae, signature, payload, recipe.PayloadType, envelope.ToJsonString(s_plain), recipe.Key, certificate);
    }

    private static JsonObject Log(Recipe recipe, SignedContent content, EntrySpec spec)
    {
        var version = recipe.Rekor == 1 ? 1 : 2;
        var kind = spec.Kind ?? (recipe.Dsse && version == 1 ? "dsse" : "hashedrekord");
        return (spec.Log ?? recipe.World.Rekor(recipe.Rekor)).Log(TestEntryBodies.Of(version, kind, content), spec);
    }

    private static JsonObject Material(Recipe recipe, X509Certificate2? certificate, List<JsonObject> entries, List<byte[]> stamps)
    {
        var material = new JsonObject();
        if (certificate is null)
        {
            material["publicKey"] = new JsonObject { ["hint"] = Convert.ToBase64String(SHA256.HashData(recipe.Key.Spki)) };
        }
        else if (recipe.Version == 3)
        {
            material["certificate"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(certificate.RawData) };
        }
        else
        {
            var chain = new JsonObject { ["certificates"] = SigstoreWorld.Certificates([certificate, recipe.World.Fulcio.Certificate]) };
            material["x509CertificateChain"] = chain;
        }

        material["tlogEntries"] = new JsonArray([.. entries.Select(e => e.DeepClone())]);
        material["timestampVerificationData"] = new JsonObject
        {
            ["rfc3161Timestamps"] = new JsonArray([.. stamps.Select(s => new JsonObject { ["signedTimestamp"] = Convert.ToBase64String(s) })]),
        };
        return material;
    }

    private static JsonObject MessageSignature(Recipe recipe, SignedContent content) => new()
    {
        ["messageDigest"] = new JsonObject { ["algorithm"] = "SHA2_256", ["digest"] = Convert.ToBase64String(SHA256.HashData(recipe.Artifact)) },
        ["signature"] = Convert.ToBase64String(content.Signature),
    };

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString(s_plain));
}
