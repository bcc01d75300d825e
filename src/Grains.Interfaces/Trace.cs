using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Actors.Grains.Interfaces;

/// <summary>One link of a run's trace.</summary>
/// <param name="Seq">1 for the first.</param>
/// <param name="At">UTC, milliseconds.</param>
/// <param name="Kind">What happened, snake_case.</param>
/// <param name="Data">What is known of it, redacted; an object.</param>
/// <param name="Prev">Hash of the entry before; 64 zeros for the first.</param>
/// <param name="Hash">SHA-256 (lower-case hex) by <see cref="TraceChain.Hash"/>.</param>
public sealed record TraceEntry(long Seq, DateTimeOffset At, string Kind, JsonElement Data, string Prev, string Hash);

/// <summary>The hash chain over a trace: changing, removing or reordering an entry breaks every later link.</summary>
public static class TraceChain
{
    // Bytes that hold most entries.
    private const int SmallEntry = 1024;

    /// <summary><see cref="TraceEntry.Prev"/> of the first entry.</summary>
    public static string Genesis { get; } = new('0', 64);

    /// <summary>SHA-256 of the canonical JSON (UTF-8) of {at, data, kind, prev, run, seq}: names sorted by UTF-16 code unit at every level, no white space,
    /// numbers as they were written, strings escaped by RFC 8785.</summary>
    public static string Hash(string runId, long seq, DateTimeOffset at, string kind, JsonElement data, string prev)
    {
        var text = new ArrayBufferWriter<byte>(SmallEntry);
        text.Write("{\"at\":"u8);
        CanonicalJson.Write(text, Timestamp(at));
        text.Write(",\"data\":"u8);
        CanonicalJson.Write(text, data);
        text.Write(",\"kind\":"u8);
        CanonicalJson.Write(text, kind);
        text.Write(",\"prev\":"u8);
        CanonicalJson.Write(text, prev);
        text.Write(",\"run\":"u8);
        CanonicalJson.Write(text, runId);
        Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $",\"seq\":{seq}}}"), text);
        return Convert.ToHexStringLower(SHA256.HashData(text.WrittenSpan));
    }

    /// <summary>UTC with milliseconds, as it is hashed and stored.</summary>
    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Checks a whole trace: the chain from its first entry, that none is cut off its end, and that a sealed one is closed by its outcome. Null when it holds, else a sentence that names what is wrong.</summary>
    public static string? Verify(TracePage trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        if (Verify(trace.RunId, trace.Entries) is { } fault)
        {
            return fault;
        }

        if (trace.Entries.Count != trace.Total)
        {
            return $"{trace.Total} entries were written, {trace.Entries.Count} are there";
        }

        return trace.Sealed && trace.Entries is not [.., { Kind: "done" }] ? "the run is done, but the trace does not end with its outcome" : null;
    }

    /// <summary>Checks a whole trace from its first entry. Returns null when it holds, else a sentence that names the first bad entry.</summary>
    public static string? Verify(string runId, IEnumerable<TraceEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var prev = Genesis;
        var seq = 0L;
        foreach (var entry in entries)
        {
            seq++;
            if (entry.Seq != seq)
            {
                return $"entry {seq} is missing: the next one is numbered {entry.Seq}";
            }

            if (entry.Prev != prev)
            {
                return $"entry {seq} does not follow from the one before it";
            }

            if (entry.Hash != Hash(runId, entry.Seq, entry.At, entry.Kind, entry.Data, entry.Prev))
            {
                return $"entry {seq} was changed: its hash does not match its content";
            }

            prev = entry.Hash;
        }

        return null;
    }
}
