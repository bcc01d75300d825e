using System.Text;
using System.Text.Json.Nodes;
using static Actors.Verification.Sigstore.VerificationStage;

namespace Actors.Verification.Tests.Signer;

/// <summary>Faults of transparency log entries.</summary>
internal static partial class Deviations
{
    private static IEnumerable<Deviation> OfPromises() =>
    [
        Log("promise with a stranger's signature", "signed_entry_timestamp_invalid", 1, e => e.SetSigner = TestKey.P256()),
        Log("promise for another time", "signed_entry_timestamp_invalid", 1, e => e.SetPayload = p => p["integratedTime"] = s_now.ToUnixTimeSeconds() + 1),
        Log("promise for another index", "signed_entry_timestamp_invalid", 1, e => e.SetPayload = p => p["logIndex"] = 5),
        Log("promise for another body", "signed_entry_timestamp_invalid", 1, e => e.SetPayload = p => p["body"] = "e30="),
        Log("promise of another log", "signed_entry_timestamp_invalid", 1, e => e.SetPayload = p => p["logID"] = new string('0', 64)),
        new("no log entry where one is demanded", () => Recipe.Of(keyless: true, dsse: false, rekor: 0), TransparencyLog, "log_entry_missing"),
        new("no log entry of a key where one is demanded", () => Recipe.Of(keyless: false, dsse: false, rekor: 0), TransparencyLog, "log_entry_missing") { Demand = d => d with { RequireTransparencyLog = true } },
        Log("promise without a time", "integrated_time_missing", 1, e => e.Entry = j => j.Drop("integratedTime")),
        Log("promise for a time after the year 9999", "integrated_time_invalid", 1, e => (e.SetPayload, e.Entry) = (p => p["integratedTime"] = 253402300800, j => j.Set("integratedTime", "253402300800"))),
        Log("log unknown", "log_unknown", 1, e => e.Entry = j => j.Set("logId/keyId", Convert.ToBase64String(new byte[32]))),
        LogRoot("log withdrawn before", "log_outside_window", 1, t => t.Set("tlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddDays(-1)))),
        LogRoot("log trusted only later", "log_outside_window", 1, t => t.Set("tlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddDays(1), null))),
        LogRoot("no log trusted", "log_unknown", 1, t => t.Set("tlogs", new JsonArray())),
        LogRoot("log v2 withdrawn before", "log_outside_window", 2, t => t.Set("tlogs/1/publicKey/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddDays(-1)))),
        new("log v2 withdrawn and no time proven", () => Recipe.Of(keyless: false, dsse: false, rekor: 2).With(r =>
        {
            r.Timestamps.Clear();
            r.Root = t => t.Set("tlogs/1/publicKey/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddDays(-1)));
        }), TransparencyLog, "log_outside_window"),
        Log("checkpoint whose origin names a tree, log v2", "checkpoint_origin_mismatch", 2, e => e.Note = n => Line(n, 0, n.Split('\n')[0] + " - 1")),
        new("log entry twice", () => V1().With(r => r.Bundle = b => b.Repeat("verificationMaterial/tlogEntries", 2)), TransparencyLog, "log_entry_duplicate"),
        new("integrated time without a promise", () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r =>
        {
            r.Entries[0].WithSet = false;
            r.Entries[0].Entry = e => e["integratedTime"] = "1768478400";
        }), Timestamp, "verified_time_missing"),
        new("the second entry is bad", () => V1().With(r => r.Entries.Add(new EntrySpec { At = s_now, WithSet = true, Index = 7, SetSigner = TestKey.P256() })), TransparencyLog, "signed_entry_timestamp_invalid"),
    ];

    private static IEnumerable<Deviation> OfProofs() => new[] { 1, 2, 3 }.SelectMany(v => (Deviation[])
    [
        Log($"proof with a changed hash, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => j.Flip("inclusionProof/hashes/1")),
        Log($"proof with a hash too many, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => j.At("inclusionProof/hashes").AsArray().Add(Convert.ToBase64String(new byte[32]))),
        Log($"proof with a hash too few, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => j.Drop("inclusionProof/hashes/0")),
        Log($"proof for another index, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => SetIndex(j, v, "7")),
        Log($"proof that is no answer to the entry's index, {v}", v == 1 ? "signed_entry_timestamp_invalid" : "log_index_mismatch", v, e => e.Entry = j => j.Set("logIndex", "7")),
        Log($"proof index beyond the tree, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => SetIndex(j, v, "11")),
        Log($"proof of another body, {v}", "inclusion_proof_invalid", v, e => e.Entry = j => j.Flip("inclusionProof/rootHash")),
        Log($"checkpoint with a stranger's signature, {v}", "checkpoint_signature_invalid", v, e => e.CheckpointSigner = v == 2 ? TestKey.Ed25519() : TestKey.P256()),
        Log($"checkpoint changed after signing, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c.Replace("\n11\n", "\n011\n", StringComparison.Ordinal)),
        Log($"checkpoint of another size, {v}", "checkpoint_size_mismatch", v, e => e.Note = n => n.Replace("\n11\n", "\n12\n", StringComparison.Ordinal)),
        Log($"checkpoint of another root, {v}", "checkpoint_root_mismatch", v, e => e.Note = n => Line(n, 2, Convert.ToBase64String(new byte[32]))),
        Log($"checkpoint of another origin, {v}", v == 1 ? "checkpoint_signature_missing" : "checkpoint_origin_mismatch", v, e => e.Note = n => Line(n, 0, "rekor.example")),
        Log($"checkpoint without signatures, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c[..(c.IndexOf("\n\n", StringComparison.Ordinal) + 2)]),
        Log($"checkpoint without the log's signature, {v}", "checkpoint_signature_missing", v, e => e.Checkpoint = c => string.Join('\n', c.Split('\n').Where(l => !(l.StartsWith('\u2014') && l.Contains("rekor.sigstore.test ", StringComparison.Ordinal))))),
        Log($"checkpoint without a blank line, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c.Replace("\n\n", "\n", StringComparison.Ordinal)),
        Log($"checkpoint of two lines, {v}", "checkpoint_malformed", v, e => e.Note = n => string.Concat(n.Split('\n').Take(2).Select(l => l + "\n"))),
        Log($"checkpoint without its last line end, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c[..^1]),
        Log($"checkpoint with an empty origin, {v}", "checkpoint_malformed", v, e => e.Note = n => Line(n, 0, "")),
        Log($"checkpoint root of 31 bytes, {v}", "checkpoint_malformed", v, e => e.Note = n => Line(n, 2, Convert.ToBase64String(new byte[31]))),
        Log($"checkpoint with 67 signatures, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c + string.Concat(Enumerable.Repeat(TestRekor.Line("witness.example", [1, 2, 3, 4], new byte[64]), 64))),
        Log($"checkpoint size is no number, {v}", "checkpoint_malformed", v, e => e.Note = n => Line(n, 1, "eleven")),
        Log($"checkpoint root is no base64, {v}", "checkpoint_malformed", v, e => e.Note = n => Line(n, 2, "*")),
        Log($"checkpoint with five lines of the log, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c + string.Concat(Enumerable.Repeat(OwnLine(c) + "\n", 4))),
        Log($"checkpoint hint of another key, {v}", "checkpoint_signature_missing", v, e => e.Checkpoint = c => OwnLine(c, s => [.. new byte[4], .. s[4..]])),
        Log($"checkpoint line without a name, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c + TestRekor.Line("", [1, 2, 3, 4], new byte[64])),
        Log($"checkpoint line that is no base64, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => c + "\u2014 witness.example *\n"),
        Log($"checkpoint signature too short, {v}", "checkpoint_malformed", v, e => e.Checkpoint = c => OwnLine(c, s => s[..4])),
    ]);

    private static IEnumerable<Deviation> OfBodies() => new[] { false, true }.SelectMany(keyless => (Deviation[])
    [
        Body("hashedrekord 0.0.1 of another digest", "log_entry_digest_mismatch", keyless, false, 1, "hashedrekord", b => b.Set("spec/data/hash/value", new string('0', 64))),
        Body("hashedrekord 0.0.1 of another digest algorithm", "log_entry_malformed", keyless, false, 1, "hashedrekord", b => b.Set("spec/data/hash/algorithm", "sha1")),
        Body("hashedrekord 0.0.1 of another signature", "log_entry_signature_mismatch", keyless, false, 1, "hashedrekord", b => b.Flip("spec/signature/content")),
        Body("hashedrekord 0.0.1 of another key", "log_entry_verifier_mismatch", keyless, false, 1, "hashedrekord", b => b.Set("spec/signature/publicKey/content", Base64(TestKey.P256().Pem))),
        Body("hashedrekord 0.0.1 with a junk key", "log_entry_malformed", keyless, false, 1, "hashedrekord", b => b.Set("spec/signature/publicKey/content", Base64("junk"))),
        Body("hashedrekord 0.0.1 whose digest is no hex", "log_entry_malformed", keyless, false, 1, "hashedrekord", b => b.Set("spec/data/hash/value", "xyz")),
        Body("hashedrekord 0.0.1 with two keys", "log_entry_malformed", keyless, false, 1, "hashedrekord", b => b.Set("spec/signature/publicKey/content", Base64(Once(b.Text("spec/signature/publicKey/content")) + TestKey.P256().Pem))),
        Body("hashedrekord 0.0.2 with certificate and key", "log_entry_malformed", keyless, false, 2, "hashedrekord", WithBoth),
        Body("hashedrekord 0.0.1 without spec", "log_entry_malformed", keyless, false, 1, "hashedrekord", b => b.Set("spec", new JsonObject())),
        new($"envelope logged as hashedrekord 0.0.1, {(keyless ? "keyless" : "key")}", () => Recipe.Of(keyless, dsse: true, rekor: 1, kind: "hashedrekord"), TransparencyLog, "log_entry_kind_unsupported"),
        Body("dsse 0.0.1 of another payload", "log_entry_digest_mismatch", keyless, true, 1, "dsse", b => b.Set("spec/payloadHash/value", new string('0', 64))),
        Body("dsse 0.0.1 of another payload algorithm", "log_entry_malformed", keyless, true, 1, "dsse", b => b.Set("spec/payloadHash/algorithm", "sha1")),
        Body("dsse 0.0.1 of another signature", "log_entry_signature_mismatch", keyless, true, 1, "dsse", b => b.Flip("spec/signatures/0/signature")),
        Body("dsse 0.0.1 of another key", "log_entry_verifier_mismatch", keyless, true, 1, "dsse", b => b.Set("spec/signatures/0/verifier", Base64(TestKey.P256().Pem))),
        Body("dsse 0.0.1 with two signatures", "log_entry_malformed", keyless, true, 1, "dsse", b => b.Repeat("spec/signatures", 2)),
        Body("dsse 0.0.1 with no signature", "log_entry_malformed", keyless, true, 1, "dsse", b => b.Set("spec/signatures", new JsonArray())),
        Body("intoto 0.0.2 of another payload", "log_entry_digest_mismatch", keyless, true, 1, "intoto", b => b.Set("spec/content/payloadHash/value", new string('0', 64))),
        Body("intoto 0.0.2 of another payload algorithm", "log_entry_malformed", keyless, true, 1, "intoto", b => b.Set("spec/content/payloadHash/algorithm", "sha1")),
        Body("intoto 0.0.2 of another payload type", "log_entry_payload_type_mismatch", keyless, true, 1, "intoto", b => b.Set("spec/content/envelope/payloadType", "text/plain")),
        Body("intoto 0.0.2 without payload type", "log_entry_malformed", keyless, true, 1, "intoto", b => b.Drop("spec/content/envelope/payloadType")),
        Body("intoto 0.0.2 of another signature", "log_entry_signature_mismatch", keyless, true, 1, "intoto", b => b.Set("spec/content/envelope/signatures/0/sig", Base64(Base64("other")))),
        Body("intoto 0.0.2 of another key", "log_entry_verifier_mismatch", keyless, true, 1, "intoto", b => b.Set("spec/content/envelope/signatures/0/publicKey", Base64(TestKey.P256().Pem))),
        Body("intoto 0.0.2 with the signature once in base64", "log_entry_malformed", keyless, true, 1, "intoto", b => b.Set("spec/content/envelope/signatures/0/sig", Once(b.Text("spec/content/envelope/signatures/0/sig")))),
        Body("intoto 0.0.2 with no signature", "log_entry_malformed", keyless, true, 1, "intoto", b => b.Set("spec/content/envelope/signatures", new JsonArray())),
        Body("hashedrekord 0.0.2 of another digest", "log_entry_digest_mismatch", keyless, false, 2, "hashedrekord", b => b.Flip("spec/hashedRekordV002/data/digest")),
        Body("hashedrekord 0.0.2 of another digest algorithm", "log_entry_malformed", keyless, false, 2, "hashedrekord", b => b.Set("spec/hashedRekordV002/data/algorithm", "SHA1")),
        Body("hashedrekord 0.0.2 of another signature", "log_entry_signature_mismatch", keyless, false, 2, "hashedrekord", b => b.Flip("spec/hashedRekordV002/signature/content")),
        Body("hashedrekord 0.0.2 of another key", "log_entry_verifier_mismatch", keyless, false, 2, "hashedrekord", b => b.Set("spec/hashedRekordV002/signature/verifier", OtherVerifier())),
        Body("hashedrekord 0.0.2 with an empty verifier", "log_entry_malformed", keyless, false, 2, "hashedrekord", b => b.Set("spec/hashedRekordV002/signature/verifier", new JsonObject())),
        Body("hashedrekord 0.0.2 without verifier", "log_entry_malformed", keyless, false, 2, "hashedrekord", b => b.Drop("spec/hashedRekordV002/signature/verifier")),
        Body("hashedrekord 0.0.2 over the payload alone", "log_entry_digest_mismatch", keyless, true, 2, "hashedrekord", b => b.Flip("spec/hashedRekordV002/data/digest")),
        Body("dsse 0.0.2 of another payload", "log_entry_digest_mismatch", keyless, true, 2, "dsse", b => b.Flip("spec/dsseV002/payloadHash/digest")),
        Body("dsse 0.0.2 of another payload algorithm", "log_entry_malformed", keyless, true, 2, "dsse", b => b.Set("spec/dsseV002/payloadHash/algorithm", "SHA1")),
        Body("dsse 0.0.2 of another signature", "log_entry_signature_mismatch", keyless, true, 2, "dsse", b => b.Flip("spec/dsseV002/signatures/0/content")),
        Body("dsse 0.0.2 of another key", "log_entry_verifier_mismatch", keyless, true, 2, "dsse", b => b.Set("spec/dsseV002/signatures/0/verifier", OtherVerifier())),
        Body("dsse 0.0.2 with two signatures", "log_entry_malformed", keyless, true, 2, "dsse", b => b.Repeat("spec/dsseV002/signatures", 2)),
    ]).Concat(
    [
        Log("body of an unknown kind", "log_entry_kind_unsupported", 1, e => e.Body = b => b["kind"] = "rpm"),
        Log("body of an unknown version", "log_entry_kind_unsupported", 1, e => e.Body = b => b["apiVersion"] = "9.9.9"),
        Log("body of another kind than the entry says", "log_entry_kind_mismatch", 1, e => e.Entry = j => j.Set("kindVersion/kind", "dsse")),
        Log("body of another version than the entry says", "log_entry_kind_mismatch", 1, e => e.Entry = j => j.Set("kindVersion/version", "0.0.3")),
        Log("log v2 body of another kind than the entry says", "log_entry_kind_mismatch", 2, e => e.Entry = j => j.Set("kindVersion/version", "0.0.1")),
        Log("body is no JSON", "log_entry_malformed", 1, e => e.BodyBytes = _ => Encoding.UTF8.GetBytes("junk")),
        Log("body with a property twice", "log_entry_malformed", 1, e => e.BodyBytes = b => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(b).Replace("\"kind\":", "\"kind\":\"hashedrekord\",\"kind\":", StringComparison.Ordinal))),
        new("kind for messages under an envelope", () => Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Entries[0].Body = b =>
        {
            b["kind"] = "dsse";
            b["spec"] = new JsonObject();
        }), TransparencyLog, "log_entry_kind_unsupported"),
        new("entry of another signature by the same certificate", () => V1().With(r => r.Logged = c => c with { Signature = c.Key.Sign(c.Signed) }), TransparencyLog, "log_entry_signature_mismatch"),
    ]);

    private static Deviation Log(string name, string code, int rekor, Action<EntrySpec> change) =>
        new(name, () => Recipe.Of(keyless: true, dsse: false, rekor).With(r => change(r.Entries[0])), TransparencyLog, code);

    private static Deviation LogRoot(string name, string code, int rekor, Action<JsonObject> change) =>
        new(name, () => Recipe.Of(keyless: true, dsse: false, rekor).With(r => r.Root = change), TransparencyLog, code);

    private static Deviation Body(string name, string code, bool keyless, bool dsse, int rekor, string kind, Action<JsonObject> change) =>
        new($"{name}, {(keyless ? "keyless" : "key")}", () => Recipe.Of(keyless, dsse, rekor, kind: kind).With(r => r.Entries[0].Body = change), TransparencyLog, code);

    // Version 2 has one index, which the entry repeats.
    private static void SetIndex(JsonObject entry, int version, string index)
    {
        entry.Set("inclusionProof/logIndex", index);
        if (version > 1)
        {
            entry.Set("logIndex", index);
        }
    }

    private static void WithBoth(JsonObject body)
    {
        var verifier = body.At("spec/hashedRekordV002/signature/verifier");
        verifier["x509Certificate"] ??= new JsonObject { ["rawBytes"] = "AAAA" };
        verifier["publicKey"] ??= new JsonObject { ["rawBytes"] = "AAAA" };
    }

    private static JsonObject OtherVerifier() => new()
    {
        ["keyDetails"] = "PKIX_ECDSA_P256_SHA_256",
        ["publicKey"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(TestKey.P256().Spki) },
    };

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Once(string twice) => Encoding.UTF8.GetString(Convert.FromBase64String(twice));

    private static string Line(string note, int number, string text)
    {
        var lines = note.Split('\n');
        lines[number] = text;
        return string.Join('\n', lines);
    }

    private static string OwnLine(string checkpoint) => checkpoint.Split('\n').First(l => l.StartsWith('\u2014') && l.Contains("rekor.sigstore.test ", StringComparison.Ordinal));

    // Changes the log's own signature bytes (hint and all) in a checkpoint.
    private static string OwnLine(string checkpoint, Func<byte[], byte[]> change)
    {
        var lines = checkpoint.Split('\n');
        var own = Array.FindIndex(lines, l => l.StartsWith('\u2014') && l.Contains("rekor.sigstore.test ", StringComparison.Ordinal));
        var parts = lines[own].Split(' ');
        parts[2] = Convert.ToBase64String(change(Convert.FromBase64String(parts[2])));
        lines[own] = string.Join(' ', parts);
        return string.Join('\n', lines);
    }
}
