namespace Actors.Chaos.Checker;

/// <summary>I8: a command that was acknowledged is obeyed, and no step starts after a cancel that is durable.</summary>
internal static class CommandChecks
{
    public static IEnumerable<Violation> Check(History history)
    {
        foreach (var submission in history.Submissions.Where(s => s.CancelAcknowledged))
        {
            foreach (var run in submission.Acknowledged.Distinct(StringComparer.Ordinal).Select(r => history.Runs.GetValueOrDefault(r)).OfType<RunRecord>())
            {
                if (Lost(run) is { } lost)
                {
                    yield return new Violation("I8", run.Id, lost);
                }
            }
        }

        foreach (var run in history.Runs.Values)
        {
            foreach (var what in StartsAfterCancel(run))
            {
                yield return new Violation("I8", run.Id, what);
            }
        }
    }

    private static string? Lost(RunRecord run)
    {
        // A quarantined run takes in nothing more.
        if (!run.Done || run.Has("quarantined"))
        {
            return null;
        }

        var taken = run.Trace.Any(e => e.Kind == "cancel_requested" || (e.Kind == "command_ignored" && e.Data.TryGetProperty("command", out var command) && command.GetString() == "cancel"));
        return !taken ? "an acknowledged cancel was lost: the trace does not hold it"
            : run.Has("cancel_requested") && run.Outcome != "cancelled" ? $"it was cancelled and ended as {run.Outcome}"
            : null;
    }

    /// <summary>Once a cancel is in the inbox, no transition may start a step without having taken it in.</summary>
    private static IEnumerable<string> StartsAfterCancel(RunRecord run)
    {
        var cancel = run.Commands.FirstOrDefault(c => c.Kind == "cancel");
        if (cancel is null || run.Changes.FirstOrDefault(c => c.Commands >= cancel.Number) is not { } durable)
        {
            yield break;
        }

        foreach (var entry in run.Trace.Where(e => e.Kind == "call_started" && e.Seq > durable.TraceLength))
        {
            yield return $"entry {entry.Seq} starts a step after the cancel was durable (trace length {durable.TraceLength})";
        }
    }
}
