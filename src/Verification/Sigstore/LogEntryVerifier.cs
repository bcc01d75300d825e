using System.Text.Json;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Verifies that a trusted log holds an entry: the log's promise, the proof of inclusion and the checkpoint. What the entry says is checked by <see cref="LogEntryBinding"/>.</summary>
internal static class LogEntryVerifier
{
    // Each costs a verification.
    private const int MaxOwnLines = 4;

    // Rekor v1 adds the tree's id to its name: "rekor.sigstore.dev - 1193050959916656506".
    private const string TreeMark = " - ";

    /// <summary>Throws unless the log vouches for the entry in the way that its format demands.</summary>
    public static LogEntryFacts Verify(LogEntry entry, BundleFormat format, TrustedRoot root)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(root);
        var log = DemandKnownLog(entry, root);
        DemandEvidence(entry, format);
        if (entry.SignedEntryTimestamp is not null)
        {
            DemandPromise(entry, log);
            DemandWindow(log, Time(entry.IntegratedTime!.Value));
        }

        if (entry.Proof is { } proof)
        {
            DemandIndex(entry, proof);
            DemandInclusion(entry, proof);
            if (proof.Checkpoint is not null)
            {
                DemandCheckpoint(proof, log, IsTiled(entry));
            }
        }

        var time = entry.SignedEntryTimestamp is null ? (DateTimeOffset?)null : Time(entry.IntegratedTime!.Value);
        var index = entry.SignedEntryTimestamp is null ? entry.Proof!.LogIndex : entry.LogIndex;
        return new LogEntryFacts(log.BaseUrl, index, $"{entry.Kind} {entry.Version}".Trim(), time);
    }

    /// <summary>Throws unless the log's key was in use at that time.</summary>
    public static void DemandWindow(TrustedLog log, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (!log.Window.Contains(time))
        {
            throw Fault("log_outside_window", $"The entry of {time:u} is outside the validity of log '{log.BaseUrl}' in the trusted root.");
        }
    }

    /// <summary>Throws unless the log's key is still in use; when the time is not known, an end that is planned counts as past.</summary>
    public static void DemandInUse(TrustedLog log, DateTimeOffset? now)
    {
        ArgumentNullException.ThrowIfNull(log);
        if (log.Window.End is { } end && !(now <= end))
        {
            throw Fault("log_outside_window", $"Log '{log.BaseUrl}' was in use until {end:u} by the trusted root, and nothing proves that the entry is older. Sign again with a timestamp.");
        }
    }

    public static TrustedLog DemandKnownLog(LogEntry entry, TrustedRoot root)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(root);
        return root.Logs.FirstOrDefault(l => l.Id.AsSpan().SequenceEqual(entry.LogId))
            ?? throw Fault("log_unknown", $"No log of the trusted root has the id {Convert.ToHexStringLower(entry.LogId)}.");
    }

    private static void DemandEvidence(LogEntry entry, BundleFormat format)
    {
        if (format is BundleFormat.V01 or BundleFormat.CosignLegacy)
        {
            DemandPromisePresent(entry);
        }
        else
        {
            DemandProofPresent(entry);
        }
    }

    private static void DemandPromisePresent(LogEntry entry)
    {
        if (entry.SignedEntryTimestamp is null)
        {
            throw Fault("inclusion_promise_missing", "The log entry lacks its signed entry timestamp.");
        }
    }

    private static void DemandProofPresent(LogEntry entry)
    {
        if (entry.Proof is null)
        {
            throw Fault("inclusion_proof_missing", "The log entry lacks its inclusion proof.");
        }

        if (entry.Proof.Checkpoint is null)
        {
            throw Fault("checkpoint_missing", "The log entry's inclusion proof lacks its checkpoint.");
        }
    }

    private static void DemandPromise(LogEntry entry, TrustedLog log)
    {
        if (entry.IntegratedTime is not { } time)
        {
            throw Fault("integrated_time_missing", "The log entry has a signed entry timestamp, but no integrated time.");
        }

        var signed = JsonSerializer.SerializeToElement(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["body"] = Convert.ToBase64String(entry.Body),
            ["integratedTime"] = time,
            ["logID"] = Convert.ToHexStringLower(entry.LogId),
            ["logIndex"] = entry.LogIndex,
        });
        if (!log.Key.Verify(CanonicalJson.Serialize(signed), entry.SignedEntryTimestamp))
        {
            throw Fault("signed_entry_timestamp_invalid", $"The signed entry timestamp is not log '{log.BaseUrl}''s, or is of another entry.");
        }
    }

    // Nothing signs a version 2 entry's own index; its log is one tree, so it has to be that of the proof. In version 1 it counts over earlier trees too.
    private static void DemandIndex(LogEntry entry, InclusionProof proof)
    {
        if (IsTiled(entry) && entry.LogIndex != proof.LogIndex)
        {
            throw Fault("log_index_mismatch", "The log entry names another index than its inclusion proof.");
        }
    }

    private static bool IsTiled(LogEntry entry) => (entry.Kind, entry.Version) is ("hashedrekord" or "dsse", "0.0.2");

    private static void DemandInclusion(LogEntry entry, InclusionProof proof)
    {
        var root = proof.Hashes.All(h => h.Length == MerkleTree.HashBytes)
            ? MerkleTree.RootOf(proof.LogIndex, proof.TreeSize, MerkleTree.HashLeaf(entry.Body), proof.Hashes)
            : null;
        if (root is null || !root.AsSpan().SequenceEqual(proof.RootHash))
        {
            throw Fault("inclusion_proof_invalid", "The inclusion proof does not lead from the entry to the root hash.");
        }
    }

    private static void DemandCheckpoint(InclusionProof proof, TrustedLog log, bool isTiled)
    {
        var checkpoint = Checkpoint.Parse(proof.Checkpoint!);
        DemandCheckpointSignature(checkpoint, log, isTiled);
        if (isTiled)
        {
            DemandCheckpointOrigin(checkpoint, log);
        }

        if (checkpoint.Size != proof.TreeSize)
        {
            throw Fault("checkpoint_size_mismatch", "The checkpoint is of a tree of another size than the inclusion proof.");
        }

        if (!checkpoint.RootHash.AsSpan().SequenceEqual(proof.RootHash))
        {
            throw Fault("checkpoint_root_mismatch", "The checkpoint has another root hash than the inclusion proof.");
        }
    }

    // Lines of unknown keys are cosigners'; they are neither needed nor in the way. A version 1 log names itself by its server's host name, which a trusted root does not hold: there its key alone tells, and the line
    // has the name of the note. A version 2 log's name is its address.
    private static void DemandCheckpointSignature(Checkpoint checkpoint, TrustedLog log, bool isTiled)
    {
        var named = checkpoint.Origin.Split(TreeMark, 2)[0];
        var own = checkpoint.Signatures.Where(s => (isTiled ? log.IsNamed(s.Name) : s.Name == named) && s.Hint.AsSpan().SequenceEqual(log.CheckpointHint)).ToList();
        if (own.Count == 0)
        {
            throw Fault("checkpoint_signature_missing", $"The checkpoint has no signature line of log '{log.BaseUrl}'.");
        }

        if (own.Count > MaxOwnLines)
        {
            throw Fault("checkpoint_malformed", $"The checkpoint has more than {MaxOwnLines} signature lines of log '{log.BaseUrl}'.");
        }

        if (!own.TrueForAll(s => checkpoint.IsSignedBy(log.Key, s)))
        {
            throw Fault("checkpoint_signature_invalid", $"The checkpoint's signature is not by log '{log.BaseUrl}'.");
        }
    }

    private static void DemandCheckpointOrigin(Checkpoint checkpoint, TrustedLog log)
    {
        if (!log.IsNamed(checkpoint.Origin))
        {
            throw Fault("checkpoint_origin_mismatch", $"The checkpoint's origin is not log '{log.BaseUrl}'.");
        }
    }

    private static DateTimeOffset Time(long seconds) =>
        seconds <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw Fault("integrated_time_invalid", "The log entry's integrated time is beyond the year 9999.");

    private static VerificationException Fault(string code, string message) => new(VerificationStage.TransparencyLog, code, message);
}
