using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>One log entry before it is made; every property is a knob.</summary>
internal sealed class EntrySpec
{
    /// <summary>hashedrekord, dsse or intoto; null means what fits the content.</summary>
    public string? Kind { get; set; }

    public DateTimeOffset At { get; set; }

    public int TreeSize { get; set; } = 11;

    public int Index { get; set; } = 6;

    /// <summary>What the log's earlier shards add to the entry's global index (Rekor v1).</summary>
    public int Offset { get; set; } = 1000;

    public bool WithSet { get; set; }

    public bool WithProof { get; set; } = true;

    public bool WithCheckpoint { get; set; } = true;

    /// <summary>Signs the entry's timestamp in place of the log.</summary>
    public TestKey? SetSigner { get; set; }

    /// <summary>Signs the checkpoint in place of the log.</summary>
    public TestKey? CheckpointSigner { get; set; }

    /// <summary>Is the log in place of the trusted one.</summary>
    public TestRekor? Log { get; set; }

    /// <summary>The body that is logged: what is changed here is signed, proven and all.</summary>
    public Action<JsonObject> Body { get; set; } = _ => { };

    /// <summary>The same as bytes.</summary>
    public Func<byte[], byte[]> BodyBytes { get; set; } = bytes => bytes;

    /// <summary>What the log's promise is signed over.</summary>
    public Action<JsonObject> SetPayload { get; set; } = _ => { };

    /// <summary>The checkpoint's text before it is signed.</summary>
    public Func<string, string> Note { get; set; } = note => note;

    /// <summary>The signed checkpoint.</summary>
    public Func<string, string> Checkpoint { get; set; } = checkpoint => checkpoint;

    /// <summary>The finished entry.</summary>
    public Action<JsonObject> Entry { get; set; } = _ => { };
}

/// <summary>A transparency log: version 1 promises (SET) and proves, version 2 (tiles) only proves.</summary>
internal sealed class TestRekor
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly int _version;

    public TestRekor(int version, string host, TestKey key)
    {
        _version = version;
        Host = host;
        Key = key;
        LogId = key.IsEd25519 ? SHA256.HashData([.. Encoding.UTF8.GetBytes(host), 0x0A, 0x01, .. key.RawPublicKey]) : SHA256.HashData(key.Spki);
    }

    public string Host { get; }

    public TestKey Key { get; }

    /// <summary>32 bytes; the first four are the hint of a checkpoint's signature.</summary>
    public byte[] LogId { get; }

    /// <summary>Version 1 writes a tree id and a time of its own into the checkpoint.</summary>
    public string Origin => _version == 1 ? Host + " - 2605736670972794746" : Host;

    /// <summary>Logs a body; returns the bundle's entry.</summary>
    public JsonObject Log(JsonObject body, EntrySpec spec)
    {
        spec.Body(body);
        var bytes = spec.BodyBytes(Encoding.UTF8.GetBytes(body.ToJsonString(s_plain)));
        var entry = new JsonObject
        {
            ["logIndex"] = Number(spec.Index + (_version == 1 ? spec.Offset : 0)),
            ["logId"] = new JsonObject { ["keyId"] = Convert.ToBase64String(LogId) },
            ["kindVersion"] = new JsonObject { ["kind"] = body["kind"]!.DeepClone(), ["version"] = body["apiVersion"]!.DeepClone() },
        };
        if (spec.WithSet)
        {
            entry["integratedTime"] = Number(spec.At.ToUnixTimeSeconds());
            entry["inclusionPromise"] = new JsonObject { ["signedEntryTimestamp"] = Convert.ToBase64String(Promise(bytes, spec)) };
        }

        if (spec.WithProof)
        {
            entry["inclusionProof"] = Proof(bytes, spec);
        }

        entry["canonicalizedBody"] = Convert.ToBase64String(bytes);
        spec.Entry(entry);
        return entry;
    }

    /// <summary>The text over which the promise is signed, as a JSON object in canonical order.</summary>
    public JsonObject PromisePayload(byte[] body, EntrySpec spec)
    {
        var payload = new JsonObject
        {
            ["body"] = Convert.ToBase64String(body),
            ["integratedTime"] = spec.At.ToUnixTimeSeconds(),
            ["logID"] = Convert.ToHexStringLower(LogId),
            ["logIndex"] = spec.Index + spec.Offset,
        };
        spec.SetPayload(payload);
        return payload;
    }

    /// <summary>A line of a checkpoint: name, hint and signature.</summary>
    public static string Line(string name, byte[] hint, byte[] signature) => $"\u2014 {name} {Convert.ToBase64String([.. hint[..4], .. signature])}\n";

    private byte[] Promise(byte[] body, EntrySpec spec) =>
        (spec.SetSigner ?? Key).Sign(Encoding.UTF8.GetBytes(PromisePayload(body, spec).ToJsonString(s_plain)), HashAlgorithmName.SHA256);

    private JsonObject Proof(byte[] body, EntrySpec spec)
    {
        byte[][] leaves = [.. Enumerable.Range(0, spec.TreeSize).Select(i => TestMerkleTree.LeafHash(i == spec.Index ? body : [(byte)i, 0x55]))];
        var root = TestMerkleTree.Root(leaves);
        var proof = new JsonObject
        {
            ["logIndex"] = Number(spec.Index),
            ["rootHash"] = Convert.ToBase64String(root),
            ["treeSize"] = Number(spec.TreeSize),
            ["hashes"] = new JsonArray([.. TestMerkleTree.Path(spec.Index, leaves).Select(h => JsonValue.Create(Convert.ToBase64String(h)))]),
        };
        if (spec.WithCheckpoint)
        {
            proof["checkpoint"] = new JsonObject { ["envelope"] = Checkpoint(root, spec) };
        }

        return proof;
    }

    private string Checkpoint(byte[] root, EntrySpec spec)
    {
        var time = _version == 1 ? $"Timestamp: {spec.At.ToUnixTimeSeconds()}000000000\n" : "";
        var note = spec.Note($"{Origin}\n{Number(spec.TreeSize)}\n{Convert.ToBase64String(root)}\n{time}");
        var signature = (spec.CheckpointSigner ?? Key).Sign(Encoding.UTF8.GetBytes(note), HashAlgorithmName.SHA256);
        // Two strangers sign too: one before and one after, as witnesses do.
        return spec.Checkpoint(note + "\n" + Line("witness.example/one", [1, 2, 3, 4], new byte[72]) + Line(Host, LogId, signature) + Line("witness.example/two", [5, 6, 7, 8], new byte[72]));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
