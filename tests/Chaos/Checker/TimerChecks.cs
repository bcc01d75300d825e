using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Chaos.Checker;

/// <summary>I5: deadlines, pauses before a retry and waits fire by the database's clock, seen at the commit that wrote it: never early, and not long after.</summary>
internal sealed class TimerChecks(RunRecord run, CheckerLimits limits)
{
    // What sets a timer: its field with the time, and what writes that it fired.
    private static readonly Dictionary<string, (string Field, string Fires)> Timers = new(StringComparer.Ordinal)
    {
        ["submitted"] = ("deadline", "deadline_reached"),
        ["retry_scheduled"] = ("at", "retry_due"),
        ["approval_requested"] = ("until", "wait_timed_out"),
        ["signal_awaited"] = ("until", "wait_timed_out"),
    };

    public IEnumerable<Violation> Check()
    {
        for (var i = 0; i < run.Trace.Count; i++)
        {
            var set = run.Trace[i];
            if (Timers.TryGetValue(set.Kind, out var timer) && Time(set, timer.Field) is { } due)
            {
                var later = run.Trace.Skip(i + 1);
                var what = set.Kind == "submitted" ? "the deadline" : $"what '{set.Kind}' of step {Step(set)} asked for";
                foreach (var fault in Faults(later, due, timer.Fires, set.Kind == "submitted" ? null : Step(set)))
                {
                    yield return new Violation("I5", run.Id, $"{what} {fault}");
                }
            }
        }
    }

    private IEnumerable<string> Faults(IEnumerable<TraceEntry> later, long due, string fires, string? step)
    {
        foreach (var entry in later)
        {
            if (fires == "retry_due" && entry.Kind == "call_started" && Step(entry) == step)
            {
                yield return "was not waited for: the step started before";
                yield break;
            }

            if (entry.Kind != fires || (step is not null && Step(entry) != step))
            {
                continue;
            }

            var late = (run.CommittedAt(entry) ?? entry.At.ToUnixTimeMilliseconds()) - due;
            if (late < 0)
            {
                yield return $"fired {-late} ms early by the database's clock";
            }
            else if (late > limits.TimerLateness.TotalMilliseconds)
            {
                yield return $"fired {late} ms late";
            }

            yield break;
        }
    }

    private static string? Step(TraceEntry entry) => entry.Data.TryGetProperty("step", out var step) ? step.GetString() : null;

    private static long? Time(TraceEntry entry, string field) =>
        entry.Data.TryGetProperty(field, out var text) && text.ValueKind == JsonValueKind.String && text.TryGetDateTimeOffset(out var time) ? time.ToUnixTimeMilliseconds() : null;
}
