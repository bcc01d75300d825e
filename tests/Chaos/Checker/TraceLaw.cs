using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Chaos.Checker;

/// <summary>Which entry may follow which. Written down apart from the product's transitions, from the design alone.</summary>
internal static class TraceLaw
{
    private static readonly HashSet<string> Answers = new(StringComparer.Ordinal) { "call_answered", "call_failed", "call_unknown" };
    private static readonly HashSet<string> Ends = new(StringComparer.Ordinal) { "cancel_requested", "deadline_reached" };

    /// <summary>Sentences, one per illegal entry.</summary>
    public static IEnumerable<string> Check(IReadOnlyList<TraceEntry> trace)
    {
        var attempts = new Dictionary<string, int>(StringComparer.Ordinal);
        (string Step, int Attempt)? open = null;
        string? ended = null;
        var done = false;
        for (var i = 0; i < trace.Count; i++)
        {
            var entry = trace[i];
            if ((entry.Kind == "submitted") != (i == 0))
            {
                yield return $"entry {entry.Seq} is '{entry.Kind}': a trace begins with its one 'submitted'";
            }

            if (done)
            {
                yield return $"entry {entry.Seq} '{entry.Kind}' follows the terminal one";
            }

            if (entry.Kind == "call_started")
            {
                var call = Call(entry);
                if (open is not null || ended is not null)
                {
                    yield return $"entry {entry.Seq} starts step {call.Step} after {(ended is null ? $"{open} was started and not closed" : $"'{ended}'")}";
                }

                if (call.Attempt != attempts.GetValueOrDefault(call.Step) + 1)
                {
                    yield return $"entry {entry.Seq} is attempt {call.Attempt} of step {call.Step} after attempt {attempts.GetValueOrDefault(call.Step)}";
                }

                attempts[call.Step] = call.Attempt;
                open = call;
            }
            else if (Answers.Contains(entry.Kind))
            {
                if (open != Call(entry))
                {
                    yield return $"entry {entry.Seq} '{entry.Kind}' closes {Call(entry)}, but {(open is null ? "no call" : open.ToString())} is open";
                }

                open = null;
            }

            ended ??= Ends.Contains(entry.Kind) ? entry.Kind : null;
            done |= entry.Kind == "done";
        }

        if (done && open is not null)
        {
            yield return $"the run is done while {open} is open";
        }
    }

    /// <summary>Step and attempt of a call's entry.</summary>
    public static (string Step, int Attempt) Call(TraceEntry entry) => (entry.Data.GetProperty("step").GetString()!, entry.Data.GetProperty("attempt").GetInt32());
}
