using System.Globalization;
using Actors.Grains.Interfaces;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>One partition of traces and of finished runs per day, by the day that a run's id begins with: made ahead, dropped whole when everything in it is over.</summary>
internal sealed partial class PostgresPartitions(ILogger log)
{
    /// <summary>The advisory lock under which partitions are made: two silos that start at once would clash in the catalogue, in more than one way.</summary>
    internal const long Making = 7220643014590272;

    private const int DaysAhead = 3;
    private const int Portion = 500;
    private static readonly (string Table, string Key)[] s_tables = [("trace", "run_id"), ("finished_runs", "id")];

    /// <summary>Makes those of today and the coming days.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = await connection.QuerySingleAsync<long>(new CommandDefinition("SELECT db_now()", cancellationToken: cancellationToken));
        var today = DateTimeOffset.FromUnixTimeMilliseconds(now).UtcDateTime.Date;
        for (var day = 0; day <= DaysAhead; day++)
        {
            await EnsureAsync(connection, today.AddDays(day), cancellationToken);
        }
    }

    /// <summary>Makes new ones and drops old ones. Gives how many finished runs went with them.</summary>
    public async Task<int> MaintainAsync(NpgsqlConnection connection, long cutoff, CancellationToken cancellationToken)
    {
        await EnsureAsync(connection, cancellationToken);
        var last = DateTimeOffset.FromUnixTimeMilliseconds(cutoff).UtcDateTime.Date;
        var names = await connection.QueryAsync<string>("SELECT relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'finished_runs'::regclass ORDER BY 1");
        var removed = 0;
        foreach (var name in names)
        {
            if (DateTime.TryParseExact(name[^8..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var day) && day.AddDays(1) <= last)
            {
                removed += await DropAsync(connection, day, cutoff, cancellationToken);
            }
        }

        return removed;
    }

    private async Task EnsureAsync(NpgsqlConnection connection, DateTime day, CancellationToken cancellationToken)
    {
        foreach (var (table, key) in s_tables)
        {
            var name = Name(table, day);
            if (await ExistsAsync(connection, name))
            {
                continue;
            }

            try
            {
                await MakeAsync(connection, table, name, day, cancellationToken);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.CheckViolation)
            {
                LogInDefault(log, table, day);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation
                or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected)
            {
                LogNoPartition(log, key, name, e.MessageText);
            }
        }
    }

    private static async Task MakeAsync(NpgsqlConnection connection, string table, string name, DateTime day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync($"SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock({Making})", transaction: transaction);
        if (!await ExistsAsync(connection, name))
        {
            // Attaching locks writers out for a moment only.
            await connection.ExecuteAsync(
                $"""
                CREATE TABLE {name} (LIKE {table} INCLUDING ALL);
                ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{Bound(day)}') TO ('{Bound(day.AddDays(1))}');
                """,
                transaction: transaction);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static Task<bool> ExistsAsync(NpgsqlConnection connection, string name) => connection.QuerySingleAsync<bool>("SELECT to_regclass(@name) IS NOT NULL", new { name });

    // Everything that grows with the day's size is done before anybody is locked out.
    private async Task<int> DropAsync(NpgsqlConnection connection, DateTime day, long cutoff, CancellationToken cancellationToken)
    {
        try
        {
            if (await IsInUseAsync(connection, null, day, cutoff))
            {
                return 0;
            }

            var count = await RemoveKeysAsync(connection, day, cutoff, cancellationToken);
            return await DropIfUnusedAsync(connection, day, cutoff, cancellationToken) ? count : 0;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UndefinedTable)
        {
            // Somebody reads or drops it; the next round tries again.
            LogNotDropped(log, day, e.MessageText);
            return 0;
        }
    }

    private static async Task<bool> DropIfUnusedAsync(NpgsqlConnection connection, DateTime day, long cutoff, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // Commits of all silos wait meanwhile, so it takes no longer than these say.
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '2s'; LOCK TABLE ONLY finished_runs, ONLY trace IN ACCESS EXCLUSIVE MODE", transaction: transaction);
        if (await IsInUseAsync(connection, transaction, day, cutoff))
        {
            return false;
        }

        await connection.ExecuteAsync($"DROP TABLE {Name("finished_runs", day)}; DROP TABLE IF EXISTS {Name("trace", day)}", transaction: transaction);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static Task<bool> IsInUseAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, DateTime day, long cutoff) => connection.QuerySingleAsync<bool>(
        $"SELECT EXISTS (SELECT 1 FROM runs WHERE id >= @from AND id < @to) OR EXISTS (SELECT 1 FROM {Name("finished_runs", day)} WHERE ended_at >= @cutoff)",
        new { from = Bound(day), to = Bound(day.AddDays(1)), cutoff },
        transaction);

    // Each portion is a transaction of its own. Gives how many runs the day has.
    private static async Task<int> RemoveKeysAsync(NpgsqlConnection connection, DateTime day, long cutoff, CancellationToken cancellationToken)
    {
        var sql = $"""
            WITH portion AS (SELECT id, submitter, idempotency_key FROM {Name("finished_runs", day)} WHERE id > @after AND ended_at < @cutoff ORDER BY id LIMIT {Portion}),
            gone AS (DELETE FROM idempotency_keys k USING portion p WHERE k.submitter = p.submitter AND k.idempotency_key = p.idempotency_key)
            SELECT count(*) AS count, max(id) AS last FROM portion
            """;
        var total = 0;
        for (var (count, after) = ((long)Portion, ""); count == Portion; total += (int)count)
        {
            (count, after) = await connection.QuerySingleAsync<(long, string)>(new CommandDefinition(sql, new { after, cutoff }, cancellationToken: cancellationToken));
        }

        return total;
    }

    private static string Name(string table, DateTime day) => $"{table}_{day.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}";

    // The part of a run's id that is its time.
    private static string Bound(DateTime day) => RunId.New(new DateTimeOffset(day, TimeSpan.Zero)).Value[..14];

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rows of {Day:yyyy-MM-dd} are in the default partition of {Table} already, so that day gets none of its own: it is removed row by row, not at once. Nothing is lost")]
    private static partial void LogInDefault(ILogger logger, string table, DateTime day);

    [LoggerMessage(Level = LogLevel.Debug, Message = "No partition {Name} by {Key}: {Reason}")]
    private static partial void LogNoPartition(ILogger logger, string key, string name, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Day:yyyy-MM-dd} is over and is removed later: {Reason}")]
    private static partial void LogNotDropped(ILogger logger, DateTime day, string reason);
}
