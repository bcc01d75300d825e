using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Actors.Grains.Interfaces;
using Actors.Silo.Mcp.Resources;

namespace Actors.Silo.Mcp.Results;

/// <summary>A part of a run's trace as callers get it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Entries">In order.</param>
/// <param name="Total">Entries of the whole trace.</param>
/// <param name="Sealed">True when it does not grow any more.</param>
/// <param name="NextAfter">Where the next part begins; null when there is none yet.</param>
internal sealed record TraceView(string RunId, IReadOnlyList<TraceEntry> Entries, long Total, bool Sealed, long? NextAfter)
{
    // Time, kind, two hashes and their names.
    private const int Envelope = 320;
    private const int LongestData = 2048;

    /// <summary>As much of the page as one answer may hold.</summary>
    public static TraceView Of(TracePage page, RunAnswers answers)
    {
        var entries = answers.Fitting(page.Entries, e => JsonMarshal.GetRawUtf8Value(e.Data).Length + Envelope);
        var last = entries.Count == 0 ? page.Total : entries[^1].Seq;
        return new TraceView(page.RunId, entries, page.Total, page.Sealed, last < page.Total ? last : null);
    }

    /// <summary>One line per entry; long data is cut, visibly.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Trace of {RunId}: {Total} entries{(Sealed ? ", sealed" : "")}.");
        foreach (var entry in Entries)
        {
            var data = entry.Data.GetRawText();
            text.Append(CultureInfo.InvariantCulture, $"\n{entry.Seq} {TraceChain.Timestamp(entry.At)} {entry.Kind} ");
            if (data.Length <= LongestData)
            {
                text.Append(data);
            }
            else
            {
                text.Append(data.AsSpan(0, LongestData)).Append(CultureInfo.InvariantCulture, $"… ({data.Length} characters, whole in {ActorsUri.Trace(RunId, entry.Seq - 1)})");
            }
        }

        return NextAfter is { } next ? text.Append(CultureInfo.InvariantCulture, $"\nMore follows: call again with after = {next}.").ToString() : text.ToString();
    }
}
