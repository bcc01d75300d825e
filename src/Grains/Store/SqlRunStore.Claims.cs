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

    public async Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken)
    {
        // Durable before their data is loaded: whatever that does to this process, the strikes stay.
        var (rows, lastCommand) = await WriteAsync(
            async (c, t) =>
            {
                var taken = await TakeAsync(c, t, claim);
                return (taken, taken.Exists(r => r.Commands > 0) ? await LastCommandAsync(c, t, taken) : 0);
            },
            cancellationToken);
        return rows.Count == 0 ? [] : await WholeAsync(claim, rows, lastCommand, cancellationToken);
    }

    public Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<OwnedRun>>(
        async c => [.. (await c.QueryAsync<RunRow>("SELECT id, epoch FROM runs WHERE owner = @silo", new { silo = silo.ToString() })).Select(r => new OwnedRun(RowText.Run(r.Id), r.Epoch))],
        cancellationToken);

    public Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken) => ReleaseAsync(silo, run.Id.Value, run.Epoch, pause, cancellationToken);

    private Task ReleaseAsync(SiloId silo, string id, long epoch, TimeSpan pause, CancellationToken cancellationToken) => WriteAsync(
        (c, t) => c.ExecuteAsync(
            "UPDATE runs SET owner = NULL, due_at = db_now() + @pause WHERE id = @id AND owner = @silo AND epoch = @epoch",
            new { id, silo = silo.ToString(), epoch, pause = (long)pause.TotalMilliseconds },
            t),
        cancellationToken);

    private async Task<List<RunRow>> TakeAsync(DbConnection c, DbTransaction t, Claim claim)
    {
        // The row stays until this ends: who evicts the member waits, and then frees these runs too.
        var timeline = await c.QuerySingleOrDefaultAsync<long?>($"SELECT {_dialect.Timeline} FROM silos WHERE id = @id {_dialect.KeepRows}", new { id = claim.Silo.ToString() }, t);
        if (timeline is null || (claim.Timeline ?? timeline) != timeline || claim.Slots <= 0)
        {
            return [];
        }

        var rows = claim.TakesSuspect ? await TakeAsync(c, t, claim, Suspect, []) : [];
        var shares = new Shares(c, t);
        if (rows.Count < claim.Slots)
        {
            await TakeDueAsync(c, t, claim, shares, rows);
        }

        var slots = Math.Min(claim.QueuedSlots, claim.Slots - rows.Count);
        if (slots > 0 && await HeadsAsync(c, t, claim, slots * Candidates) is { Count: > 0 } heads)
        {
            await TakeChosenAsync(c, t, claim, shares, heads, "queued", rows, rows.Count + slots);
        }

        return rows;
    }

    /// <summary>Takes waiting runs in the order of their turns until there are <paramref name="all"/>.</summary>
    private async Task TakeChosenAsync(DbConnection c, DbTransaction t, Claim claim, Shares shares, IReadOnlyList<Waiting> waiting, string still, List<RunRow> rows, int all)
    {
        var submitters = waiting.ToDictionary(w => w.Id, w => w.Submitter, StringComparer.Ordinal);
        var chosen = FairShare.Choose(waiting, await shares.OwnedAsync(), claim.MaxPerSubmitter, (all - rows.Count) * Candidates);
        await TakeInOrderAsync(c, t, claim, chosen, still, rows, all);
        shares.Add(rows.Where(r => submitters.ContainsKey(r.Id)).Select(r => submitters[r.Id]));
    }

    // Others take some of them at the same moment.
    private async Task TakeInOrderAsync(DbConnection c, DbTransaction t, Claim claim, IReadOnlyList<string> ids, string still, List<RunRow> rows, int all)
    {
        var candidates = $"SELECT id FROM runs WHERE id {_dialect.Among("ids")} AND owner IS NULL AND {still}";
        for (var from = 0; from < ids.Count && rows.Count < all;)
        {
            var some = ids.Skip(from).Take(all - rows.Count).ToList();
            rows.AddRange((await TakeAsync(c, t, claim, candidates, some)).OrderBy(r => some.IndexOf(r.Id)));
            from += some.Count;
        }
    }

    private async Task<List<RunRow>> TakeAsync(DbConnection c, DbTransaction t, Claim claim, string candidates, IReadOnlyList<string> ids)
    {
        var parameters = new DynamicParameters();
        parameters.Add("silo", claim.Silo.ToString());
        parameters.Add("format", claim.Format);
        parameters.Add("floor", claim.EpochFloor);
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

    /// <summary>The first queued runs of each submitter and workflow.</summary>
    private async Task<IReadOnlyList<Waiting>> HeadsAsync(DbConnection c, DbTransaction t, Claim claim, int most)
    {
        var groups = await GroupsAsync(c, t);
        if (groups.Count == 0)
        {
            return [];
        }

        var parameters = new DynamicParameters();
        parameters.Add("format", claim.Format);
        parameters.Add("most", most);
        parameters.Add("submitters", _dialect.List(groups.Select(g => g.Submitter)));
        parameters.Add("workflows", _dialect.List(groups.Select(g => g.WorkflowId)));
        return (await c.QueryAsync<Waiting>(_dialect.QueueHeads, parameters, t)).AsList();
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

    /// <summary>How many runs of each submitter are worked on, read when it is needed first.</summary>
    private sealed class Shares(DbConnection c, DbTransaction t)
    {
        private Dictionary<string, long>? _owned;

        // What this transaction took before is among them.
        public async Task<IReadOnlyDictionary<string, long>> OwnedAsync() => _owned ??=
            (await c.QueryAsync<(string Submitter, long Count)>("SELECT submitter, count(*) FROM runs WHERE owner IS NOT NULL GROUP BY submitter", transaction: t)).ToDictionary(o => o.Submitter, o => o.Count, StringComparer.Ordinal);

        public void Add(IEnumerable<string> submitters)
        {
            foreach (var submitter in submitters)
            {
                _owned![submitter] = _owned.GetValueOrDefault(submitter) + 1;
            }
        }
    }
}
