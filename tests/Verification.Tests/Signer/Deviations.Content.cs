using System.Text;
using System.Text.Json.Nodes;
using static Actors.Verification.Sigstore.VerificationStage;

namespace Actors.Verification.Tests.Signer;

/// <summary>Faults of time stamps, signatures and payloads, and all faults together.</summary>
internal static partial class Deviations
{
    public static readonly IReadOnlyDictionary<string, Deviation> All =
        ((IEnumerable<Deviation>[])[OfBundles(), OfCertificates(), OfScts(), OfIdentities(), OfPromises(), OfProofs(), OfBodies(), OfTimestamps(), OfSignatures(), OfPayloads()])
        .SelectMany(d => d)
        .ToDictionary(d => d.Name, StringComparer.Ordinal);

    private static IEnumerable<Deviation> OfTimestamps() =>
    [
        Stamp("time stamp of another signature", "timestamp_imprint_mismatch", t => t.Message = [1, 2, 3]),
        Stamp("time stamp of a stranger's authority", "timestamp_untrusted_authority", t => t.Authority = SigstoreWorld.Stranger.Tsa),
        Stamp("time stamp of a stranger, trusted certificate inside", "timestamp_untrusted_authority", t => (t.Authority, t.Embedded) = (SigstoreWorld.Stranger.Tsa, [SigstoreWorld.Trusted.Tsa.Certificate])),
        Stamp("time stamp by another leaf of the authority", "timestamp_untrusted_authority", t => t.Authority = Tsa()),
        Stamp("time stamp is junk", "timestamp_malformed", t => t.Damage = _ => [0x30, 3, 2, 1, 0]),
        Stamp("time stamp with trailing bytes", "timestamp_malformed", t => t.Damage = bytes => [.. bytes, 0]),
        Stamp("time stamp with a damaged signature", "timestamp_malformed", t => t.Damage = bytes => Flip(bytes.Length - 5)(bytes)),
        Stamp("time stamp with a damaged signature, no certificate inside", "timestamp_signature_invalid", t => (t.EmbedNothing, t.Damage) = (true, bytes => Flip(bytes.Length - 5)(bytes))),
        Stamp("time stamp by another key in the name of the authority", "timestamp_malformed", t => (t.Authority, t.Embedded) = (Impostor(), [SigstoreWorld.Trusted.Tsa.Certificate])),
        Stamp("time stamp by another key in the name of the authority, its own certificate inside", "timestamp_signature_invalid", t => t.Authority = Impostor()),
        Stamp("time stamp by another key in the name of the authority, no certificate inside", "timestamp_signature_invalid", t => (t.Authority, t.EmbedNothing) = (Impostor(), true)),
        Stamp("time stamp with a damaged signature, two certificates inside", "timestamp_malformed", t => (t.Embedded, t.Damage) = ([SigstoreWorld.Stranger.Tsa.Certificate, SigstoreWorld.Trusted.Tsa.Certificate], bytes => Flip(bytes.Length - 5)(bytes))),
        new("time stamp twice", () => V2().With(r => r.Bundle = b => b.Repeat(Stamps, 2)), Timestamp, "timestamp_duplicate"),
        Stamp("time stamp not granted", "timestamp_not_granted", t => t.Status = 2),
        Stamp("time stamp with MD5", "timestamp_hash_unsupported", t => t.Hash = System.Security.Cryptography.HashAlgorithmName.MD5),
        Stamp("time stamp with SHA-1", "timestamp_hash_unsupported", t => t.Hash = System.Security.Cryptography.HashAlgorithmName.SHA1),
        new("no time stamp with log v2", () => V2().With(r => r.Timestamps.Clear()), Timestamp, "verified_time_missing"),
        StampRoot("no time stamp authority trusted", "timestamp_untrusted_authority", t => t.Set("timestampAuthorities", new JsonArray())),
        StampRoot("authority of time stamps withdrawn before", "timestamp_outside_authority_window", t => t.Set("timestampAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddSeconds(-1)))),
        StampRoot("authority of time stamps trusted only later", "timestamp_outside_authority_window", t => t.Set("timestampAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddSeconds(1), null))),
        StampLeaf("time stamp leaf expired", "timestamp_malformed", s => s.NotAfter = s_now.AddSeconds(-1)),
        BareStampLeaf("time stamp leaf expired, no certificate inside", "timestamp_signature_invalid", s => s.NotAfter = s_now.AddSeconds(-1)),
        StampLeaf("time stamp leaf not yet valid", "timestamp_malformed", s => s.NotBefore = s_now.AddSeconds(1)),
        BareStampLeaf("time stamp leaf not yet valid, no certificate inside", "timestamp_signature_invalid", s => s.NotBefore = s_now.AddSeconds(1)),
        StampLeaf("time stamp leaf not for time stamps", "timestamp_malformed", s => s.ExtendedKeyUsages = [CertificateSpec.CodeSigning]),
        BareStampLeaf("time stamp leaf not for time stamps, no certificate inside", "timestamp_signature_invalid", s => s.ExtendedKeyUsages = [CertificateSpec.CodeSigning]),
        StampLeaf("time stamp leaf for no extended use", "timestamp_malformed", s => s.ExtendedKeyUsages = []),
        BareStampLeaf("time stamp leaf for no extended use, no certificate inside", "timestamp_signature_invalid", s => s.ExtendedKeyUsages = []),
        new("time stamp by an authority's key", () => V2().With(r => UseTsa(r, s => s.IsAuthority = true)), Timestamp, "timestamp_signer_is_authority"),
        Stamp("time stamp is no DER", "timestamp_malformed", t => t.Damage = _ => [0x30, 0x80]),
        Stamp("time stamp without a token", "timestamp_malformed", t => t.Damage = _ => [0x30, 5, 0x30, 3, 2, 1, 0]),
        Stamp("time stamp whose token is junk", "timestamp_malformed", t => t.Damage = _ => [0x30, 8, 0x30, 3, 2, 1, 0, 0x30, 1, 5]),
        new("time stamp authority's root expired", () => V2().With(r => UseTsa(r, _ => { }, s => s.NotAfter = s_now.AddSeconds(-1))), Timestamp, "timestamp_chain_invalid"),
        new("the second time stamp is bad", () => V2().With(r => r.Timestamps.Add(new TimestampSpec { At = s_now, Message = [1] })), Timestamp, "timestamp_imprint_mismatch"),
        new("time stamp outside the certificate", () => V2().With(r => r.Timestamps[0].At = s_now.AddMinutes(6)), Certificate, "certificate_expired_at_signing"),
        new("time stamp before the certificate", () => V2().With(r => r.Timestamps[0].At = s_now.AddMinutes(-6)), Certificate, "certificate_expired_at_signing"),
    ];

    private static IEnumerable<Deviation> OfSignatures() => new[] { false, true }.SelectMany(keyless => new[] { false, true }.Select(dsse => (keyless, dsse))).SelectMany(c => (Deviation[])
    [
        new($"signature over other bytes, {Who(c.keyless)}, {What(c.dsse)}", () => Recipe.Of(c.keyless, c.dsse, 1).With(r => r.Signed = _ => [1, 2, 3]), Signature, "signature_invalid"),
        new($"signature by another key, {Who(c.keyless)}, {What(c.dsse)}", () => Recipe.Of(c.keyless, c.dsse, 1).With(r => r.Signature = _ => TestKey.P256().Sign(r.Artifact)), Signature, "signature_invalid"),
    ]).Concat(
    [
        new("another artifact", V1, Artifact, "artifact_digest_mismatch") { Artifact = [1, 2, 3] },
        new("another artifact, no digest in the bundle", () => V1().With(r => r.Bundle = b => b.Drop("messageSignature/messageDigest")), Signature, "signature_invalid") { Artifact = [1, 2, 3] },
        new("another artifact, no log", () => Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r => r.Bundle = b => b.Drop("messageSignature/messageDigest")), Signature, "signature_invalid") { Artifact = [1, 2, 3] },
        new("signed by another key than trusted", () => Recipe.Of(keyless: false, dsse: false, rekor: 0), Signature, "signature_invalid") { Demand = d => d with { Signatory = Demands.Key(TestKey.P256()) } },
        new("a certificate where a key is demanded", V1, Key, "certificate_unexpected") { Demand = d => new(Demands.Key(TestKey.P256()), d.EffectiveRoot) },
        new("a key where an identity is demanded", () => Recipe.Of(keyless: false, dsse: false, rekor: 1), Certificate, "certificate_missing") { Demand = d => new(Demands.Keyless(d.EffectiveRoot!)) },
        new("a log entry of a key without trusted root", () => Recipe.Of(keyless: false, dsse: false, rekor: 1), TrustedRoot, "trusted_root_missing") { Demand = d => d with { Root = null } },
    ]);

    private static IEnumerable<Deviation> OfPayloads() =>
    [
        Payload("payload of another type", "payload_type_unsupported", r => r.PayloadType = "text/plain"),
        Payload("payload is no JSON", "statement_malformed", r => r.Payload = _ => Encoding.UTF8.GetBytes("junk")),
        Payload("payload with a property twice", "statement_malformed", r => r.Payload = p => Encoding.UTF8.GetBytes("{\"predicateType\":\"x\"," + Encoding.UTF8.GetString(p)[1..])),
        Payload("payload is an array", "statement_malformed", r => r.Payload = _ => Encoding.UTF8.GetBytes("[]")),
        Payload("statement of another type", "statement_type_unsupported", r => r.Statement = s => s["_type"] = "https://example/Statement"),
        Payload("statement without type", "statement_malformed", r => r.Statement = s => s.Drop("_type")),
        Payload("statement without subjects", "statement_malformed", r => r.Statement = s => s.Drop("subject")),
        new("statement with an empty list of subjects", () => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r => r.Statement = s => s["subject"] = new JsonArray()), Artifact, "subject_mismatch"),
        Payload("statement whose subjects are a text", "statement_malformed", r => r.Statement = s => s["subject"] = "x"),
        Payload("statement with a subject without digest", "statement_malformed", r => r.Statement = s => s.Drop("subject/0/digest")),
        Payload("statement with an empty digest", "statement_malformed", r => r.Statement = s => s.Set("subject/0/digest", new JsonObject())),
        Payload("statement whose digests are a text", "statement_malformed", r => r.Statement = s => s.Set("subject/0/digest", "x")),
        Payload("statement with half a character", "statement_malformed", r => r.Payload = p => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(p).Replace("https://in-toto.io/Statement/v1", "\\ud800", StringComparison.Ordinal))),
        Payload("statement without predicate type", "statement_malformed", r => r.Statement = s => s.Drop("predicateType")),
        Payload("another predicate type", "predicate_type_mismatch", r => r.PredicateType = "https://spdx.dev/Document"),
        Payload("a message where a statement is demanded", "predicate_type_mismatch", r => r.Dsse = false),
        new("statement about another artifact", () => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r => r.Statement = s => s.Set("subject/0/digest/sha256", new string('0', 64))), Artifact, "subject_mismatch"),
        new("statement about the artifact by another algorithm's name", () => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r => r.Statement = s =>
        {
            var digest = s.Text("subject/0/digest/sha256");
            s.Set("subject/0/digest", new JsonObject { ["sha512"] = digest });
        }), Artifact, "subject_mismatch"),
    ];

    private static Recipe V1() => Recipe.Of(keyless: true, dsse: false, rekor: 1);

    private static Recipe V2() => Recipe.Of(keyless: true, dsse: false, rekor: 2);

    private static Deviation Stamp(string name, string code, Action<TimestampSpec> change) => new(name, () => V2().With(r => change(r.Timestamps[0])), Timestamp, code);

    private static Deviation StampRoot(string name, string code, Action<JsonObject> change) => new(name, () => V2().With(r => r.Root = change), Timestamp, code);

    private static Deviation StampLeaf(string name, string code, Action<CertificateSpec> change) => new(name, () => V2().With(r => UseTsa(r, change)), Timestamp, code);

    private static Deviation BareStampLeaf(string name, string code, Action<CertificateSpec> change) =>
        new(name, () => V2().With(r => UseTsa(r, change)).With(r => r.Timestamps[0].EmbedNothing = true), Timestamp, code);

    // The trusted signer's issuer and serial number, but another key.
    private static TestTimestampAuthority Impostor()
    {
        var trusted = SigstoreWorld.Trusted.Tsa;
        return new(SigstoreWorld.Stranger.TsaRoot, s_now.AddYears(-1), s_now.AddYears(1), s => s.Serial = Convert.FromHexString(trusted.Certificate.SerialNumber));
    }

    private static Deviation Payload(string name, string code, Action<Recipe> change) =>
        new(name, () => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(change), Actors.Verification.Sigstore.VerificationStage.Payload, code)
        {
            Demand = d => d with { PredicateType = Recipe.CosignPredicate },
        };

    private static TestTimestampAuthority Tsa(Action<CertificateSpec>? leaf = null) => new(SigstoreWorld.Trusted.TsaRoot, s_now.AddYears(-1), s_now.AddYears(1), leaf);

    // An authority like the trusted one but for the change, and the trusted root names it.
    private static void UseTsa(Recipe recipe, Action<CertificateSpec> leaf, Action<CertificateSpec>? root = null)
    {
        var spec = SigstoreWorld.Authority("O=sigstore.test, CN=tsa root 2");
        root?.Invoke(spec);
        var tsa = new TestTimestampAuthority(TestAuthority.Root(spec, TestKey.P256()), s_now.AddYears(-1), s_now.AddYears(1), leaf);
        recipe.Timestamps[0].Authority = tsa;
        recipe.Root = t => t.Set("timestampAuthorities/0/certChain/certificates", SigstoreWorld.Certificates(tsa.Chain));
    }

    private static string Who(bool keyless) => keyless ? "keyless" : "key";

    private static string What(bool dsse) => dsse ? "envelope" : "message";
}
