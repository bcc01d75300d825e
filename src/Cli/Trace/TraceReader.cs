using Actors.Grains.Interfaces;

namespace Actors.Cli.Trace;

/// <summary>Reads a whole trace, page by page.</summary>
internal static class TraceReader
{
    public static async Task<TracePage> ReadAsync(ActorsClient client, string runId, CancellationToken cancellationToken)
    {
        var entries = new List<TraceEntry>();
        Page page;
        do
        {
            page = await client.CallAsync<Page>("get_run_trace", new { run_id = runId, after = entries.Count, limit = 500 }, null, cancellationToken);
            entries.AddRange(page.Entries);
        }
        while (page.NextAfter is not null);

        return new TracePage(page.RunId, entries, page.Total, page.Sealed);
    }

    private sealed record Page(string RunId, IReadOnlyList<TraceEntry> Entries, long Total, bool Sealed, long? NextAfter);
}
