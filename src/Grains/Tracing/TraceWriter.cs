using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Tracing;

/// <summary>Turns drafts into entries: redacts, numbers, links.</summary>
internal sealed class TraceWriter(TraceRedactor redactor)
{
    private const int LongestText = 2048;
    private const string Shortened = "… (shortened; the trace has more)";

    /// <summary>Entries that follow entry <paramref name="length"/> with hash <paramref name="head"/>.</summary>
    public IReadOnlyList<TraceEntry> Append(RunId run, long length, string head, IReadOnlyList<TraceDraft> drafts)
    {
        var entries = new List<TraceEntry>(drafts.Count);
        foreach (var draft in drafts)
        {
            var data = redactor.Redact(draft.Data);
            var seq = ++length;
            var hash = TraceChain.Hash(run.Value, seq, draft.At, draft.Kind, data, head);
            entries.Add(new TraceEntry(seq, draft.At, draft.Kind, data, head, hash));
            head = hash;
        }

        return entries;
    }

    /// <summary>A redacted copy of a run's output, by the rules for the trace's <c>output</c>.</summary>
    public JsonElement RedactOutput(JsonElement output)
    {
        var wrapped = new JsonObject { ["output"] = JsonSerializer.SerializeToNode(output, ActorsJson.Options) };
        return JsonSerializer.SerializeToElement(redactor.Redact(wrapped)!["output"], ActorsJson.Options);
    }

    /// <summary>The state with those texts redacted that callers see and no later step reads: error, questions and, when done, the output.</summary>
    public RunState Redact(RunState state) => state with
    {
        Error = state.Error is { } error ? Redact(error) : null,
        Output = state is { Status: RunStatus.Done, Output: { } output } ? RedactOutput(output) : state.Output,
        Steps = state.Steps.Any(s => s.Message is not null) ? [.. state.Steps.Select(s => s.Message is { } message ? s with { Message = redactor.Redact(message) } : s)] : state.Steps,
    };

    /// <summary>A redacted copy of an error, its texts cut to <see cref="LongestText"/> only after secrets are gone.</summary>
    public RunError Redact(RunError error) => error with
    {
        Message = Shorten(redactor.Redact(error.Message)),
        Details = error.Details is null ? null : [.. error.Details.Select(d => Shorten(redactor.Redact(d)))],
    };

    /// <summary>Text with known secrets replaced.</summary>
    public string Redact(string text) => redactor.Redact(text);

    private static string Shorten(string text) => text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), Shortened);
}
