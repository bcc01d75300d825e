using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
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
    /// <summary><see cref="TraceEntry.Prev"/> of the first entry.</summary>
    public static string Genesis { get; } = new('0', 64);

    /// <summary>SHA-256 of the canonical JSON of {at, data, kind, prev, run, seq}: names sorted by UTF-16 code unit at every level, no white space, numbers as they were written.</summary>
    public static string Hash(string runId, long seq, DateTimeOffset at, string kind, JsonElement data, string prev)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("at", Timestamp(at));
            writer.WritePropertyName("data");
            WriteCanonical(writer, data);
            writer.WriteString("kind", kind);
            writer.WriteString("prev", prev);
            writer.WriteString("run", runId);
            writer.WriteNumber("seq", seq);
            writer.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    /// <summary>UTC with milliseconds, as it is hashed and stored.</summary>
    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

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

    private static void WriteCanonical(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    WriteCanonical(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    WriteCanonical(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(value.GetString());
                break;
            default:
                writer.WriteRawValue(Encoding.UTF8.GetBytes(value.GetRawText()));
                break;
        }
    }
}
