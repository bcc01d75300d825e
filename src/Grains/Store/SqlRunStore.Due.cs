using System.Data.Common;
using Dapper;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    // Due runs that one claim looks at in the order of time. When there are more, one submitter may hide the others, and each is looked at.
    private const int MostDue = 256;

    private const string FirstDue = $"SELECT {ISqlDialect.DueColumns} FROM runs WHERE {ISqlDialect.IsDue} ORDER BY due_at LIMIT @most";

    private const string Urgent =
        $"""
        SELECT id FROM (SELECT id FROM runs WHERE {ISqlDialect.IsDue} AND deadline <= (SELECT db_now()) ORDER BY deadline LIMIT @most) AS late
        UNION
        SELECT id FROM (SELECT runs.id FROM inbox JOIN runs ON runs.id = inbox.run_id WHERE {ISqlDialect.IsDue} ORDER BY inbox.id LIMIT @most) AS commanded
        """;

    // A skip scan: one step of the index per submitter, however many runs wait.
    private const string DueSubmitters =
        """
        WITH RECURSIVE groups (id, submitter) AS (
          SELECT id, submitter FROM runs WHERE id = (SELECT id FROM runs WHERE owner IS NULL AND submitter > @Submitter ORDER BY submitter, due_at LIMIT 1)
          UNION ALL
          SELECT r.id, r.submitter FROM groups g JOIN runs r ON r.id = (SELECT x.id FROM runs x WHERE x.owner IS NULL AND x.submitter > g.submitter ORDER BY x.submitter, x.due_at LIMIT 1))
        SELECT submitter FROM groups LIMIT @groups
        """;

    private string _lastDue = "";

    /// <summary>Takes due runs: urgent ones first, whosever they are, then in fair shares.</summary>
    private async Task TakeDueAsync(DbConnection c, DbTransaction t, Claim claim, Shares shares, List<RunRow> rows)
    {
        const string Still = "due_at <= (SELECT db_now())";
        var parameters = new { format = claim.Format, suspect = claim.SuspectStrikes, most = MostDue };
        var due = (await c.QueryAsync<Waiting>(FirstDue, parameters, t)).AsList();
        if (due.Count == 0)
        {
            return;
        }

        var urgent = due.Where(d => d.IsUrgent).Select(d => d.Id);
        if (due.Count == MostDue)
        {
            urgent = urgent.Union(await c.QueryAsync<string>(Urgent, parameters, t), StringComparer.Ordinal);
            due = await DueHeadsAsync(c, t, claim);
        }

        await TakeInOrderAsync(c, t, claim, [.. urgent], Still, rows, claim.Slots);
        if (rows.Count < claim.Slots && due.FindAll(d => !d.IsUrgent) is { Count: > 0 } others)
        {
            await TakeChosenAsync(c, t, claim, shares, others, Still, rows, claim.Slots);
        }
    }

    private async Task<List<Waiting>> DueHeadsAsync(DbConnection c, DbTransaction t, Claim claim)
    {
        var after = _lastDue;
        var submitters = (await c.QueryAsync<string>(DueSubmitters, new { Submitter = after, groups = MostGroups }, t)).AsList();
        _lastDue = submitters.Count < MostGroups ? "" : submitters[^1];
        if (submitters.Count < MostGroups && after.Length > 0)
        {
            submitters = [.. submitters.Union(await c.QueryAsync<string>(DueSubmitters, new { Submitter = "", groups = MostGroups - submitters.Count }, t), StringComparer.Ordinal)];
        }

        var parameters = new DynamicParameters();
        parameters.Add("format", claim.Format);
        parameters.Add("suspect", claim.SuspectStrikes);
        parameters.Add("most", Math.Min(claim.Slots * Candidates, Math.Max(4, 4 * MostDue / Math.Max(1, submitters.Count))));
        parameters.Add("submitters", _dialect.List(submitters));
        return (await c.QueryAsync<Waiting>(_dialect.DueHeads, parameters, t)).AsList();
    }
}
