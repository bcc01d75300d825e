using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Tracing;

/// <summary>Turns drafts into entries: redacts, numbers, links.</summary>
internal sealed class TraceWriter(TraceRedactor redactor)
{
    /// <summary>Entries that follow entry <paramref name="length"/> with hash <paramref name="head"/>.</summary>
    public IReadOnlyList<TraceEntry> Append(RunId run, long length, string head, IReadOnlyList<TraceDraft> drafts)
    {
        var entries = new List<TraceEntry>(drafts.Count);
        foreach (var draft in drafts)
        {
            var data = JsonSerializer.SerializeToElement(redactor.Redact(draft.Data), ActorsJson.Options);
            var seq = ++length;
            var hash = TraceChain.Hash(run.Value, seq, draft.At, draft.Kind, data, head);
            entries.Add(new TraceEntry(seq, draft.At, draft.Kind, data, head, hash));
            head = hash;
        }

        return entries;
    }

    /// <summary>A redacted copy of a value that is shown outside the trace.</summary>
    public JsonElement Redact(JsonElement value) =>
        JsonSerializer.SerializeToElement(redactor.Redact(JsonSerializer.SerializeToNode(value, ActorsJson.Options) as JsonNode), ActorsJson.Options);
}
