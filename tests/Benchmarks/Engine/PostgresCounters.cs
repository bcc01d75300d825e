using Actors.Testing;
using Npgsql;

namespace Actors.Benchmarks.Engine;

/// <summary>What PostgreSQL has counted: transactions of one database, and fsyncs of its log.</summary>
internal sealed record PostgresCounters(long Commits, long WalSyncs, long WalBytes)
{
    // A session tells its counts at most once a second, once it is idle.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2.5);

    /// <summary>Reads them from another database, so that the reading is not counted.</summary>
    public static async Task<PostgresCounters> ReadAsync(PostgresServer server, string database)
    {
        await Task.Delay(Settling, TimeProvider.System);
        await using var connection = new NpgsqlConnection(server.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT d.xact_commit, w.wal_sync, w.wal_bytes::bigint FROM pg_stat_database d, pg_stat_wal w WHERE d.datname = @database", connection);
        command.Parameters.AddWithValue("database", database);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new PostgresCounters(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    public PostgresCounters Since(PostgresCounters before) => new(Commits - before.Commits, WalSyncs - before.WalSyncs, WalBytes - before.WalBytes);
}
