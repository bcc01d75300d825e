using System.Text.Json.Nodes;
using static Actors.Verification.Sigstore.VerificationStage;

namespace Actors.Verification.Tests.Signer;

/// <summary>Faults of the bundle's shape.</summary>
internal static partial class Deviations
{
    private const string Entry = "verificationMaterial/tlogEntries/0";
    private const string Stamps = "verificationMaterial/timestampVerificationData/rfc3161Timestamps";

    private static IEnumerable<Deviation> OfBundles() =>
    [
        Bundle("media type missing", "bundle_malformed", b => b.Drop("mediaType")),
        Bundle("media type of another thing", "media_type_unsupported", b => b.Set("mediaType", "application/json")),
        Bundle("media type of a later version", "media_type_unsupported", b => b.Set("mediaType", "application/vnd.dev.sigstore.bundle.v0.9+json")),
        Bundle("no verification material", "bundle_malformed", b => b.Drop("verificationMaterial")),
        Bundle("no content", "content_ambiguous", b => b.Drop("messageSignature")),
        Bundle("both kinds of content", "content_ambiguous", b => b["dsseEnvelope"] = JsonNode.Parse("""{"payload":"e30=","payloadType":"a","signatures":[{"sig":"AAAA"}]}""")),
        Bundle("no signer", "material_ambiguous", b => b.Drop("verificationMaterial/certificate")),
        Bundle("certificate and key", "material_ambiguous", b => b.Set("verificationMaterial/publicKey", new JsonObject { ["hint"] = "x" })),
        Bundle("certificate and chain", "material_ambiguous", b => b.Set("verificationMaterial/x509CertificateChain", Chain(b.At("verificationMaterial/certificate")))),
        Bundle("chain in v0.3", "chain_not_allowed", AsChain),
        Bundle("empty certificate", "bundle_malformed", b => b.Set("verificationMaterial/certificate/rawBytes", "")),
        Bundle("empty chain", "chain_empty", b => b.Set("verificationMaterial/x509CertificateChain/certificates", new JsonArray()), version: 2),
        Bundle("root in the chain", "root_in_chain", b => b.At("verificationMaterial/x509CertificateChain/certificates").AsArray().Add(SigstoreWorld.Certificates([SigstoreWorld.Trusted.Root.Certificate])[0]!.DeepClone()), version: 2),
        Bundle("long chain", "bundle_malformed", b => b.Repeat("verificationMaterial/x509CertificateChain/certificates", 33), version: 2),
        Unlogged("v0.1 without promise", "inclusion_promise_missing", b => b.Drop(Entry + "/inclusionPromise"), version: 1),
        Unlogged("v0.2 without proof", "inclusion_proof_missing", b => b.Drop(Entry + "/inclusionProof"), version: 2),
        Unlogged("v0.3 without proof", "inclusion_proof_missing", b => b.Drop(Entry + "/inclusionProof")),
        Unlogged("v0.3 without checkpoint", "checkpoint_missing", b => b.Drop(Entry + "/inclusionProof/checkpoint")),
        Unlogged("empty checkpoint", "checkpoint_malformed", b => b.Set(Entry + "/inclusionProof/checkpoint/envelope", "")),
        Bundle("33 log entries", "bundle_malformed", b => b.Repeat("verificationMaterial/tlogEntries", 33)),
        Bundle("33 time stamps", "bundle_malformed", b => b.Repeat(Stamps, 33), rekor: 2),
        Bundle("signature with white space", "bundle_malformed", b => b.Set("messageSignature/signature", b.Text("messageSignature/signature") + "\n")),
        Bundle("signature is no base64", "bundle_malformed", b => b.Set("messageSignature/signature", "!!!!")),
        Bundle("empty signature", "bundle_malformed", b => b.Set("messageSignature/signature", "")),
        Bundle("signature is a number", "bundle_malformed", b => b.Set("messageSignature/signature", 5)),
        Bundle("negative log index", "bundle_malformed", b => b.Set(Entry + "/logIndex", "-1")),
        Bundle("log index is no number", "bundle_malformed", b => b.Set(Entry + "/logIndex", "one")),
        Unlogged("log index missing", "signed_entry_timestamp_invalid", b => b.Drop(Entry + "/logIndex")),
        Bundle("negative proof index", "bundle_malformed", b => b.Set(Entry + "/inclusionProof/logIndex", "-1")),
        Unlogged("tree size zero", "inclusion_proof_invalid", b => b.Set(Entry + "/inclusionProof/treeSize", "0")),
        Bundle("body missing", "bundle_malformed", b => b.Drop(Entry + "/canonicalizedBody")),
        Bundle("kind and version missing", "bundle_malformed", b => b.Drop(Entry + "/kindVersion")),
        Bundle("kind missing", "bundle_malformed", b => b.Drop(Entry + "/kindVersion/kind")),
        Bundle("version missing", "bundle_malformed", b => b.Drop(Entry + "/kindVersion/version")),
        Bundle("log id missing", "bundle_malformed", b => b.Drop(Entry + "/logId")),
        Unlogged("log id of 31 bytes", "log_unknown", b => b.Set(Entry + "/logId/keyId", Convert.ToBase64String(new byte[31]))),
        Unlogged("proof hash of 31 bytes", "inclusion_proof_invalid", b => b.Set(Entry + "/inclusionProof/hashes/0", Convert.ToBase64String(new byte[31]))),
        Bundle("proof of 65 hashes", "bundle_malformed", b => b.Repeat(Entry + "/inclusionProof/hashes", 65)),
        Unlogged("root hash of 31 bytes", "inclusion_proof_invalid", b => b.Set(Entry + "/inclusionProof/rootHash", Convert.ToBase64String(new byte[31]))),
        Bundle("entries are an object", "bundle_malformed", b => b.Set("verificationMaterial/tlogEntries", new JsonObject())),
        Bundle("promise with a negative time", "bundle_malformed", b => b.Set(Entry + "/integratedTime", "-1")),
        Bundle("two signatures in the envelope", "bundle_malformed", b => b.Repeat("dsseEnvelope/signatures", 2), dsse: true),
        Bundle("no signature in the envelope", "bundle_malformed", b => b.Set("dsseEnvelope/signatures", new JsonArray()), dsse: true),
        Bundle("no payload in the envelope", "bundle_malformed", b => b.Drop("dsseEnvelope/payload"), dsse: true),
        Bundle("no payload type in the envelope", "bundle_malformed", b => b.Drop("dsseEnvelope/payloadType"), dsse: true),
        Bundle("digest of an unknown algorithm", "bundle_malformed", b => b.Set("messageSignature/messageDigest/algorithm", "MD5")),
        new("digest of another artifact", () => V1().With(r => r.Bundle = b => b.Flip("messageSignature/messageDigest/digest")), Artifact, "artifact_digest_mismatch"),
    ];

    private static Deviation Bundle(string name, string code, Action<JsonObject> change, int version = 3, int rekor = 1, bool dsse = false) =>
        new(name, () => Recipe.Of(keyless: true, dsse, rekor, version).With(r => r.Bundle = change), Actors.Verification.Sigstore.VerificationStage.Bundle, code);

    private static Deviation Unlogged(string name, string code, Action<JsonObject> change, int version = 3) =>
        Bundle(name, code, change, version) with { Stage = TransparencyLog };

    private static JsonObject Chain(JsonNode certificate) => new() { ["certificates"] = new JsonArray(certificate.DeepClone()) };

    private static void AsChain(JsonObject bundle)
    {
        bundle.Set("verificationMaterial/x509CertificateChain", Chain(bundle.At("verificationMaterial/certificate")));
        bundle.Drop("verificationMaterial/certificate");
    }
}
