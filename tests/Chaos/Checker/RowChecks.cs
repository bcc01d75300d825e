namespace Actors.Chaos.Checker;

/// <summary>What the changes of one row must look like, whoever made them (I2, I3).</summary>
internal static class RowChecks
{
    public static IEnumerable<Violation> Check(RunRecord run)
    {
        for (var i = 1; i < run.Changes.Count; i++)
        {
            foreach (var (invariant, what) in Pair(run.Changes[i - 1], run.Changes[i]))
            {
                yield return new Violation(invariant, run.Id, $"{what} (change {run.Changes[i].Seq})");
            }
        }
    }

    private static IEnumerable<(string Invariant, string What)> Pair(RowChange before, RowChange after)
    {
        if (after.Epoch < before.Epoch)
        {
            yield return ("I3", $"the epoch fell from {before.Epoch} to {after.Epoch}");
        }

        if (after.Owner is not null && after.Owner != before.Owner && after.Epoch <= before.Epoch)
        {
            yield return ("I3", $"owner {after.Owner} came without a higher epoch than {before.Epoch}");
        }

        if (after.Version != before.Version && after.Version != before.Version + 1)
        {
            yield return ("I2", $"the version went from {before.Version} to {after.Version}");
        }

        if (after.TraceLength < before.TraceLength || (after.TraceLength > before.TraceLength && after.Version == before.Version))
        {
            yield return ("I2", $"the trace went from {before.TraceLength} to {after.TraceLength} entries without a transition");
        }

        // An owner writes from its own silo: a write by another session is one that the fence had to stop.
        if (after.Version != before.Version && before is { Owner: not null, OwnerClient: { } owner } && after.Client is { } client && client != owner)
        {
            yield return ("I3", $"{client} committed a transition of epoch {before.Epoch}, which {owner} had claimed");
        }

        if (after.Version != before.Version && before.Owner is null)
        {
            yield return ("I3", "a transition was committed while nobody owned the run");
        }
    }
}
