using System.Data.Common;
using Actors.Grains.Interfaces;
using Dapper;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    // Submitters with their workflows that one claim looks at; the next claim looks at those that follow.
    private const int MostGroups = 256;

    // Candidates per slot: other silos take some of them at the same moment.
    private const int Candidates = 3;

    private const string Due = "SELECT id FROM runs WHERE owner IS NULL AND due_at <= (SELECT db_now()) AND format <= @format AND strikes < @suspect ORDER BY due_at LIMIT @slots";
    private const string Suspect = "SELECT id FROM runs WHERE owner IS NULL AND due_at <= (SELECT db_now()) AND format <= @format AND strikes >= @suspect ORDER BY due_at LIMIT 1";

    // A skip scan: one step of the index per group, however many runs wait.
    private const string Groups =
        """
        WITH RECURSIVE groups (id, submitter, workflow_id) AS (
          SELECT id, submitter, workflow_id FROM runs WHERE id = (
            SELECT id FROM runs WHERE owner IS NULL AND queued AND (submitter, workflow_id) > (@Submitter, @WorkflowId) ORDER BY submitter, workflow_id LIMIT 1)
          UNION ALL
          SELECT r.id, r.submitter, r.workflow_id FROM groups g JOIN runs r ON r.id = (
            SELECT x.id FROM runs x WHERE x.owner IS NULL AND x.queued AND (x.submitter, x.workflow_id) > (g.submitter, g.workflow_id) ORDER BY x.submitter, x.workflow_id LIMIT 1))
        SELECT submitter, workflow_id FROM groups LIMIT @most
        """;

    private static readonly Waiting s_start = new();
    private Waiting _lastGroup = s_start;

    public Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken) => WriteAsync<IReadOnlyList<ClaimedRun>>(
        async (c, t) =>
        {
            // The row stays until this ends: who evicts the member waits, and then frees these runs too.
            var timeline = await c.QuerySingleOrDefaultAsync<long?>($"SELECT {_dialect.Timeline} FROM silos WHERE id = @id {_dialect.KeepRows}", new { id = claim.Silo.ToString() }, t);
            if (timeline is null || (claim.Timeline ?? timeline) != timeline || claim.Slots <= 0)
            {
                return [];
            }

            var rows = claim.TakesSuspect ? await TakeAsync(c, t, claim, Suspect, [], 1) : [];
            if (rows.Count < claim.Slots)
            {
                rows.AddRange(await TakeAsync(c, t, claim, Due, [], claim.Slots - rows.Count));
            }

            var slots = Math.Min(claim.QueuedSlots, claim.Slots - rows.Count);
            if (slots > 0)
            {
                await TakeQueuedAsync(c, t, claim, slots, rows);
            }

            return rows.Count == 0 ? [] : await WholeAsync(c, t, rows);
        },
        cancellationToken);

    public Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<OwnedRun>>(
        async c => [.. (await c.QueryAsync<RunRow>("SELECT id, epoch FROM runs WHERE owner = @silo", new { silo = silo.ToString() })).Select(r => new OwnedRun(RowText.Run(r.Id), r.Epoch))],
        cancellationToken);

    public Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken) => WriteAsync(
        (c, t) => c.ExecuteAsync(
            "UPDATE runs SET owner = NULL, due_at = db_now() + @pause WHERE id = @id AND owner = @silo AND epoch = @Epoch",
            new { id = run.Id.Value, silo = silo.ToString(), run.Epoch, pause = (long)pause.TotalMilliseconds },
            t),
        cancellationToken);

    private async Task TakeQueuedAsync(DbConnection c, DbTransaction t, Claim claim, int slots, List<RunRow> rows)
    {
        var all = rows.Count + slots;
        var chosen = await ChooseAsync(c, t, claim, slots);
        var candidates = $"SELECT id FROM runs WHERE id {_dialect.Among("ids")} AND owner IS NULL AND queued";
        for (var from = 0; from < chosen.Count && rows.Count < all;)
        {
            var some = chosen.Skip(from).Take(all - rows.Count).ToList();
            rows.AddRange((await TakeAsync(c, t, claim, candidates, some, slots)).OrderBy(r => some.IndexOf(r.Id)));
            from += some.Count;
        }
    }

    private async Task<List<RunRow>> TakeAsync(DbConnection c, DbTransaction t, Claim claim, string candidates, IReadOnlyList<string> ids, int slots)
    {
        var parameters = new DynamicParameters();
        parameters.Add("silo", claim.Silo.ToString());
        parameters.Add("format", claim.Format);
        parameters.Add("floor", claim.EpochFloor);
        parameters.Add("slots", slots);
        parameters.Add("suspect", claim.SuspectStrikes);
        if (ids.Count > 0)
        {
            parameters.Add("ids", _dialect.List(ids));
        }

        return (await c.QueryAsync<RunRow>(
            $"""
            WITH taken AS ({candidates} {_dialect.TakeFreeRows})
            UPDATE runs SET owner = @silo, due_at = NULL, queued = FALSE, strikes = strikes + 1, epoch = 1 + CASE WHEN epoch > @floor THEN epoch ELSE @floor END
            WHERE id IN (SELECT id FROM taken) RETURNING {RunRow.Columns}
            """,
            parameters,
            t)).AsList();
    }

    private async Task<IReadOnlyList<string>> ChooseAsync(DbConnection c, DbTransaction t, Claim claim, int slots)
    {
        var groups = await GroupsAsync(c, t);
        if (groups.Count == 0)
        {
            return [];
        }

        var owned = await c.QueryAsync<(string Submitter, long Count)>("SELECT submitter, count(*) FROM runs WHERE owner IS NOT NULL GROUP BY submitter", transaction: t);
        var parameters = new DynamicParameters();
        parameters.Add("format", claim.Format);
        parameters.Add("most", slots * Candidates);
        parameters.Add("submitters", _dialect.List(groups.Select(g => g.Submitter)));
        parameters.Add("workflows", _dialect.List(groups.Select(g => g.WorkflowId)));
        var heads = await c.QueryAsync<Waiting>(_dialect.QueueHeads, parameters, t);
        return FairShare.Choose(heads, owned.ToDictionary(o => o.Submitter, o => o.Count, StringComparer.Ordinal), claim.MaxPerSubmitter, slots * Candidates);
    }

    private async Task<List<Waiting>> GroupsAsync(DbConnection c, DbTransaction t)
    {
        var after = _lastGroup;
        var groups = (await c.QueryAsync<Waiting>(Groups, new { after.Submitter, after.WorkflowId, most = MostGroups }, t)).AsList();
        _lastGroup = groups.Count < MostGroups ? s_start : groups[^1];
        if (groups.Count < MostGroups && after != s_start)
        {
            var more = await c.QueryAsync<Waiting>(Groups, new { s_start.Submitter, s_start.WorkflowId, most = MostGroups - groups.Count }, t);
            groups = [.. groups.Concat(more).DistinctBy(g => (g.Submitter, g.WorkflowId))];
        }

        return groups;
    }

    private async Task<IReadOnlyList<ClaimedRun>> WholeAsync(DbConnection c, DbTransaction t, List<RunRow> rows)
    {
        var parameters = new DynamicParameters();
        parameters.Add("ids", _dialect.List(rows.Select(r => r.Id)));
        var values = (await c.QueryAsync<ValueRow>($"SELECT run_id, name, body FROM run_values WHERE run_id {_dialect.Among("ids")}", parameters, t)).ToLookup(v => v.RunId, v => new StoredValue(v.Name, v.Body), StringComparer.Ordinal);
        var inbox = (await c.QueryAsync<InboxRow>($"SELECT id, run_id, kind, sender, body, posted_at FROM inbox WHERE run_id {_dialect.Among("ids")} ORDER BY id", parameters, t)).ToLookup(i => i.RunId, StringComparer.Ordinal);
        return rows.ConvertAll(r => new ClaimedRun(r.ToRun(values[r.Id]), [.. inbox[r.Id].Select(i => i.ToCommand())]));
    }
}
