namespace Actors.Verification.Sigstore;

/// <summary>An entry of a transparency log, as the bundle claims it.</summary>
/// <param name="LogIndex">Index over all shards of the log.</param>
/// <param name="IntegratedTime">Seconds since 1970; worth nothing without <paramref name="SignedEntryTimestamp"/>.</param>
/// <param name="Body">The bytes that were logged.</param>
internal sealed record LogEntry(
    byte[] LogId,
    long LogIndex,
    string? Kind,
    string? Version,
    long? IntegratedTime,
    byte[]? SignedEntryTimestamp,
    InclusionProof? Proof,
    byte[] Body);

/// <summary>That an entry is in the tree of one shard.</summary>
/// <param name="LogIndex">Index in that tree.</param>
internal sealed record InclusionProof(long LogIndex, long TreeSize, byte[] RootHash, IReadOnlyList<byte[]> Hashes, string? Checkpoint);
