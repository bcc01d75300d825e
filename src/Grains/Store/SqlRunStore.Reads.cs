using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Dapper;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => ReadAsync(
        async c => (await c.QuerySingleOrDefaultAsync<RunRow>($"{RunRow.Select} WHERE id = @id UNION ALL {RunRow.SelectFinished} WHERE id = @id", new { id = id.Value }))?.ToBareRun(),
        cancellationToken);

    public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) => ReadAsync(
        async c => (await c.QuerySingleOrDefaultAsync<OwnerRow>(
            "SELECT submitter, workflow_id FROM runs WHERE id = @id UNION ALL SELECT submitter, workflow_id FROM finished_runs WHERE id = @id", new { id = id.Value })) is { } row
                ? new RunOwner(row.Submitter, row.WorkflowId)
                : null,
        cancellationToken);

    public Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<RunId>>(
        async c => [.. (await c.QueryAsync<string>("SELECT id FROM runs WHERE submitter = @submitter ORDER BY id LIMIT @most", new { submitter, most })).Select(RowText.Run)],
        cancellationToken);

    public Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken)
    {
        var (sql, parameters) = RunListing.Statement(_dialect, filter, before, limit);
        return ReadAsync<IReadOnlyList<StoredRun>>(async c => [.. (await c.QueryAsync<RunRow>(sql, parameters)).Select(r => r.ToBareRun())], cancellationToken);
    }

    public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) => ReadAsync(
        async c =>
        {
            var run = await c.QuerySingleOrDefaultAsync<TraceEnd>(
                "SELECT trace_length AS length, FALSE AS sealed FROM runs WHERE id = @id UNION ALL SELECT trace_length, TRUE FROM finished_runs WHERE id = @id",
                new { id = id.Value });
            if (run is null)
            {
                return null;
            }

            // What was written meanwhile belongs to the next page.
            var entries = await c.QueryAsync<TraceRow>(
                """
                SELECT seq, at, kind, data, prev, hash FROM (
                  SELECT t.*, sum(octet_length(data)) OVER (ORDER BY seq) AS upto FROM (
                    SELECT seq, at, kind, data, prev, hash FROM trace WHERE run_id = @id AND seq > @afterSeq AND seq <= @Length ORDER BY seq LIMIT @limit) AS t) AS page
                WHERE upto <= @bytes OR seq = @afterSeq + 1 ORDER BY seq
                """,
                new { id = id.Value, afterSeq, run.Length, limit, bytes = (long)bytes });
            return new TracePage(id.Value, [.. entries.Select(e => e.ToEntry())], run.Length, run.Sealed);
        },
        cancellationToken);

    public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => ReadAsync(
        async c => await c.QuerySingleOrDefaultAsync<string>("SELECT body FROM workflow_definitions WHERE hash = @hash", new { hash }) is { } body
            ? WorkflowJson.Read(JsonElement.Parse(body))
            : null,
        cancellationToken);

    public Task<QueueDepth> MeasureQueueAsync(int most, int format, int maxPerSubmitter, CancellationToken cancellationToken) => ReadAsync(
        async c =>
        {
            var rows = (await c.QueryAsync<DepthRow>(
                """
                SELECT priority, count(*) AS waiting, (SELECT db_now()) - min(CASE WHEN format <= @format AND submitter NOT IN (
                  SELECT submitter FROM runs WHERE owner IS NOT NULL GROUP BY submitter HAVING count(*) >= @maxPerSubmitter) THEN created_at END) AS age
                FROM (SELECT priority, format, submitter, created_at FROM runs WHERE owner IS NULL AND queued ORDER BY id LIMIT @most) AS oldest GROUP BY priority
                """,
                new { most, format, maxPerSubmitter })).AsList();
            return new QueueDepth(
                (int)rows.Sum(r => r.Waiting),
                rows.Where(r => r.Age is not null).ToDictionary(r => (int)r.Priority, r => TimeSpan.FromMilliseconds(Math.Max(0, r.Age!.Value))));
        },
        cancellationToken);

    private sealed class OwnerRow
    {
        public string Submitter { get; init; } = "";

        public string WorkflowId { get; init; } = "";
    }

    private sealed class TraceEnd
    {
        public long Length { get; init; }

        public bool Sealed { get; init; }
    }

    private sealed class DepthRow
    {
        public long Priority { get; init; }

        public long Waiting { get; init; }

        public long? Age { get; init; }
    }
}
