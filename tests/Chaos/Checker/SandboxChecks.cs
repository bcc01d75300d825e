using Actors.Testing.NullRunner;

namespace Actors.Chaos.Checker;

/// <summary>I7: the product stops its sandboxes by itself. What the runner's reaper had to remove is held against it, unless nobody could know of the sandbox.</summary>
internal sealed class SandboxChecks(History history, CheckerLimits limits)
{
    public IEnumerable<Violation> Check()
    {
        foreach (var sandbox in history.Orphans ?? [])
        {
            yield return new Violation("I7", RunOf(sandbox), $"sandbox {sandbox} lives on although its run is done");
        }

        var launches = history.Ledger.Where(e => e.Kind == LedgerKinds.Launched).ToLookup(e => e.Sandbox, StringComparer.Ordinal);
        foreach (var reaped in history.Ledger.Where(e => e.Kind == LedgerKinds.Reaped))
        {
            if (!history.Runs.TryGetValue(RunOf(reaped.Sandbox), out var run))
            {
                yield return new Violation("I7", RunOf(reaped.Sandbox), $"sandbox {reaped.Sandbox} belonged to no run and was left to the reaper");
            }
            else if (Fault(run, reaped, launches[reaped.Sandbox].FirstOrDefault()) is { } fault)
            {
                yield return new Violation("I7", run.Id, $"sandbox {reaped.Sandbox} was left to the reaper: {fault}");
            }
        }
    }

    private string? Fault(RunRecord run, LedgerEntry reaped, LedgerEntry? launched)
    {
        // Given up in the trace: the runner could not be reached for so long, or the run is quarantined.
        if (run.Has("sandboxes_abandoned") || run.Has("quarantined"))
        {
            return null;
        }

        // A request that an owner sent before it was lost, and that arrived when its successor had stopped what it knew of.
        var epoch = run.Changes.Count > 0 ? run.Changes[^1].Epoch : 0;
        if (launched is not null && launched.Fence < epoch)
        {
            return null;
        }

        var idleFrom = reaped.At - (long)limits.Idle.TotalMilliseconds;
        if (run.Done && run.CommittedAt(run.Trace[^1]) <= reaped.At)
        {
            return "its run was done and had not stopped it";
        }

        return run.Changes.Any(c => c.At > idleFrom && c.Epoch > EpochAt(run, idleFrom)) || EpochAt(run, idleFrom) == 0
            ? null
            : "the owner of its run forgot it";
    }

    private static long EpochAt(RunRecord run, long at) => run.Changes.LastOrDefault(c => c.At <= at)?.Epoch ?? 0;

    private static string RunOf(string sandbox) => sandbox[..Math.Min(30, sandbox.Length)];
}
