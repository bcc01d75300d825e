using Dapper;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    // Small transactions: nobody waits long for one, and a restart loses little.
    private const int Portion = 200;
    private const int MostPortions = 50;

    public async Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken)
    {
        var now = await ReadAsync(c => c.QuerySingleAsync<long>("SELECT db_now()"), cancellationToken);
        var cutoff = now - (long)retention.TotalMilliseconds;
        var removed = await _dialect.MaintainAsync(cutoff, cancellationToken);
        for (var portion = 0; portion < MostPortions; portion++)
        {
            var gone = await RemoveAsync(cutoff, cancellationToken);
            removed += gone;
            if (gone < Portion)
            {
                break;
            }
        }

        return removed;
    }

    private Task<int> RemoveAsync(long cutoff, CancellationToken cancellationToken) => WriteAsync(
        async (c, t) =>
        {
            var ids = (await c.QueryAsync<string>(
                $"SELECT id FROM finished_runs WHERE ended_at < @cutoff ORDER BY ended_at LIMIT {Portion} {_dialect.TakeFreeRows}", new { cutoff }, t)).AsList();
            if (ids.Count == 0)
            {
                return 0;
            }

            var parameters = new DynamicParameters();
            parameters.Add("ids", _dialect.List(ids));
            await c.ExecuteAsync($"DELETE FROM trace WHERE run_id {_dialect.Among("ids")}", parameters, t);
            await c.ExecuteAsync(
                $"""
                DELETE FROM idempotency_keys WHERE (submitter, idempotency_key) IN (
                  SELECT submitter, idempotency_key FROM finished_runs WHERE id {_dialect.Among("ids")} AND idempotency_key IS NOT NULL)
                """,
                parameters,
                t);
            return await c.ExecuteAsync($"DELETE FROM finished_runs WHERE id {_dialect.Among("ids")}", parameters, t);
        },
        cancellationToken);
}
