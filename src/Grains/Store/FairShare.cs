namespace Actors.Grains.Store;

/// <summary>A run that waits for its turn: in the queue, or due.</summary>
internal sealed class Waiting
{
    public string Id { get; init; } = "";

    public string Submitter { get; init; } = "";

    public string WorkflowId { get; init; } = "";

    public long Priority { get; init; }

    /// <summary>When it became due; 0 in the queue.</summary>
    public long Since { get; init; }

    /// <summary>Due for a command or its deadline: whatever its submitter's share.</summary>
    public bool IsUrgent { get; init; }
}

/// <summary>Whose turn it is: higher priorities first, then in fair shares of submitters, and of each submitter's workflows.</summary>
internal static class FairShare
{
    /// <summary>Ids in the order of their turns.</summary>
    /// <param name="heads">The first runs of each submitter.</param>
    /// <param name="owned">How many runs of a submitter are worked on.</param>
    /// <param name="mostPerSubmitter">Runs beyond it wait.</param>
    /// <param name="count">Most ids.</param>
    public static IReadOnlyList<string> Choose(IEnumerable<Waiting> heads, IReadOnlyDictionary<string, long> owned, int mostPerSubmitter, int count) =>
        [.. heads
            .GroupBy(w => w.Submitter, StringComparer.Ordinal)
            .SelectMany(g => InTurn(g).Select((run, index) => (Run: run, Share: index + 1 + owned.GetValueOrDefault(g.Key))))
            .Where(r => r.Share <= mostPerSubmitter)
            .OrderByDescending(r => r.Run.Priority).ThenBy(r => r.Share).ThenBy(r => r.Run.Since).ThenBy(r => r.Run.Id, StringComparer.Ordinal)
            .Take(count)
            .Select(r => r.Run.Id)];

    // One submitter's workflows alternate.
    private static IEnumerable<Waiting> InTurn(IEnumerable<Waiting> runs) => runs
        .GroupBy(r => r.WorkflowId, StringComparer.Ordinal)
        .SelectMany(g => g.OrderByDescending(r => r.Priority).ThenBy(r => r.Since).ThenBy(r => r.Id, StringComparer.Ordinal).Select((run, turn) => (Run: run, Turn: turn)))
        .OrderByDescending(r => r.Run.Priority).ThenBy(r => r.Turn).ThenBy(r => r.Run.Since).ThenBy(r => r.Run.Id, StringComparer.Ordinal)
        .Select(r => r.Run);
}
