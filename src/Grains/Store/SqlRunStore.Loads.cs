using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    /// <summary>Bytes of params and results that one claim loads; of the first run, all.</summary>
    private const long MostLoaded = 64 << 20;

    // What one statement gives: a fraction of what it has time for.
    private const long MostTogether = 4 << 20;
    private const int MostDoublings = 6;
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(10);

    /// <summary>The data of claimed runs. One that cannot be loaded is given up and rests; what is beyond the budget is given back, to be claimed again.</summary>
    private async Task<IReadOnlyList<ClaimedRun>> WholeAsync(Claim claim, List<RunRow> rows, long lastCommand, CancellationToken cancellationToken)
    {
        // The next owner of one with more strikes gives it up, for which its values are not needed; perhaps it is they that break whoever loads them.
        var sizes = await SizesAsync(rows.FindAll(r => r.Strikes <= claim.SuspectStrikes + 1L), cancellationToken);
        var inbox = await InboxAsync(rows, lastCommand, cancellationToken);
        var whole = new List<ClaimedRun>(rows.Count);
        var loaded = 0L;
        for (var (from, count) = (0, 0); from < rows.Count; from += count)
        {
            var size = 0L;
            for (count = 0; from + count < rows.Count && (count == 0 || size + sizes.GetValueOrDefault(rows[from + count].Id) <= MostTogether); count++)
            {
                size += sizes.GetValueOrDefault(rows[from + count].Id);
            }

            var portion = rows.GetRange(from, count);
            if (loaded > 0 && loaded + size > _mostLoaded)
            {
                await GiveBackAsync(claim.Silo, portion, cancellationToken);
                continue;
            }

            loaded += size;
            foreach (var (row, values) in await LoadAsync(claim.Silo, portion, sizes, cancellationToken))
            {
                await DecodeAsync(claim.Silo, row, values, inbox[row.Id], whole, cancellationToken);
            }
        }

        return whole;
    }

    private async Task<List<(RunRow Row, IEnumerable<StoredValue> Values)>> LoadAsync(SiloId silo, List<RunRow> rows, Dictionary<string, long> sizes, CancellationToken cancellationToken)
    {
        try
        {
            var large = rows.FindAll(r => sizes.ContainsKey(r.Id));
            var values = large.Count == 0 ? null : await ValuesAsync(large, cancellationToken);
            return rows.ConvertAll(r => (r, values?[r.Id] ?? []));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is OutOfMemoryException || _dialect.IsTimeout(e)))
        {
            if (rows is [var one])
            {
                await GiveUpAsync(silo, one, "its data takes too long or too much memory", e, cancellationToken);
                return [];
            }
        }

        List<(RunRow, IEnumerable<StoredValue>)> loaded = [];
        foreach (var row in rows)
        {
            loaded.AddRange(await LoadAsync(silo, [row], sizes, cancellationToken));
        }

        return loaded;
    }

    private async Task DecodeAsync(SiloId silo, RunRow row, IEnumerable<StoredValue> values, IEnumerable<InboxRow> inbox, List<ClaimedRun> whole, CancellationToken cancellationToken)
    {
        ClaimedRun run;
        try
        {
            run = new ClaimedRun(row.ToRun(values), [.. inbox.Select(i => i.ToCommand())]);
        }
        catch (Exception e)
        {
            await GiveUpAsync(silo, row, "its data is damaged", e, cancellationToken);
            return;
        }

        whole.Add(run);
    }

    private Task<Dictionary<string, long>> SizesAsync(List<RunRow> rows, CancellationToken cancellationToken) => ReadAsync(
        async c => (await c.QueryAsync<(string Id, long Size)>(
            $"SELECT run_id, coalesce(sum(octet_length(body)), 0) FROM run_values WHERE run_id {_dialect.Among("ids")} GROUP BY run_id", Ids(rows))).ToDictionary(s => s.Id, s => s.Size, StringComparer.Ordinal),
        cancellationToken);

    private Task<ILookup<string, StoredValue>> ValuesAsync(List<RunRow> rows, CancellationToken cancellationToken) => ReadAsync(
        async c => (await c.QueryAsync<ValueRow>($"SELECT run_id, name, body FROM run_values WHERE run_id {_dialect.Among("ids")}", Ids(rows))).ToLookup(v => v.RunId, v => new StoredValue(v.Name, v.Body), StringComparer.Ordinal),
        cancellationToken);

    // Of commands that wait. Ids grow, and nobody posts to a row that this transaction has locked: what is posted later has a higher one.
    private Task<long> LastCommandAsync(DbConnection c, DbTransaction t, List<RunRow> rows) =>
        c.QuerySingleAsync<long>($"SELECT coalesce(max(id), 0) FROM inbox WHERE run_id {_dialect.Among("ids")}", Ids(rows), t);

    // Those that the claimed rows have counted: one that was posted since is taken in when its owner looks.
    private async Task<ILookup<string, InboxRow>> InboxAsync(List<RunRow> rows, long last, CancellationToken cancellationToken)
    {
        if (last == 0)
        {
            return Enumerable.Empty<InboxRow>().ToLookup(i => i.RunId, StringComparer.Ordinal);
        }

        var parameters = Ids(rows);
        parameters.Add("last", last);
        return await ReadAsync(
            async c => (await c.QueryAsync<InboxRow>(
                $"SELECT id, run_id, kind, sender, body, posted_at FROM inbox WHERE run_id {_dialect.Among("ids")} AND id <= @last ORDER BY id", parameters)).ToLookup(i => i.RunId, StringComparer.Ordinal),
            cancellationToken);
    }

    private DynamicParameters Ids(IEnumerable<RunRow> rows)
    {
        var parameters = new DynamicParameters();
        parameters.Add("ids", _dialect.List(rows.Select(r => r.Id)));
        return parameters;
    }

    // It was not tried: the strike is taken back.
    private Task GiveBackAsync(SiloId silo, List<RunRow> rows, CancellationToken cancellationToken) => WriteAsync(
        (c, t) =>
        {
            var parameters = Ids(rows);
            parameters.Add("silo", silo.ToString());
            return c.ExecuteAsync($"UPDATE runs SET {Freed}, strikes = strikes - 1 WHERE id {_dialect.Among("ids")} AND owner = @silo", parameters, t);
        },
        cancellationToken);

    private Task GiveUpAsync(SiloId silo, RunRow row, string reason, Exception fault, CancellationToken cancellationToken)
    {
        LogUnreadable(_log, row.Strikes, new UnreadableException(row.Id, reason, fault));
        return ReleaseAsync(silo, row.Id, row.Epoch, FirstRest * (1 << (int)Math.Clamp(row.Strikes - 1, 0, MostDoublings)), cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A claimed run is left alone for a while, after {Strikes} claims without coming forward. Other runs go on")]
    private static partial void LogUnreadable(ILogger logger, long strikes, Exception fault);
}
