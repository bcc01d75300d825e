using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>A PostgreSQL server, 13 or newer, shared by all silos: a pool for runs, and one connection aside for membership.</summary>
internal sealed partial class PostgresDialect : ISqlDialect
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartPause = TimeSpan.FromMilliseconds(500);
    private readonly NpgsqlDataSource _pool;
    private readonly PostgresMember _member;
    private readonly PostgresBatch _batch = new();
    private readonly PostgresPartitions _partitions;
    private readonly ILogger _log;

    private PostgresDialect(NpgsqlConnectionStringBuilder builder, ILogger log)
    {
        _pool = PostgresConnections.Source(builder);
        _member = new PostgresMember(builder);
        _partitions = new PostgresPartitions(log);
        _log = log;
    }

    public int BatchesInFlight => 2;

    public bool HasOneMember => false;

    public string KeepRows => "FOR KEY SHARE";

    public string TakeFreeRows => "FOR UPDATE SKIP LOCKED";

    // The first 8 hexadecimal digits of a segment's name.
    public string Timeline => "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint";

    public string QueueHeads =>
        """
        SELECT h.id, h.submitter, h.workflow_id, h.priority FROM unnest(@submitters, @workflows) AS g(submitter, workflow_id) CROSS JOIN LATERAL (
          SELECT r.id, r.submitter, r.workflow_id, r.priority FROM runs r
          WHERE r.owner IS NULL AND r.queued AND r.submitter = g.submitter AND r.workflow_id = g.workflow_id AND r.format <= @format ORDER BY r.priority DESC, r.id LIMIT @most) AS h
        """;

    public string DueHeads =>
        $"""
        SELECT h.* FROM unnest(@submitters) AS g(key) CROSS JOIN LATERAL (
          SELECT {ISqlDialect.DueColumns} FROM runs WHERE {ISqlDialect.IsDue} AND runs.submitter = g.key ORDER BY due_at LIMIT @most) AS h
        """;

    /// <summary>Connects, waiting a while for a server that starts, and brings the schema up to date.</summary>
    /// <exception cref="StoreUnavailableException">No connection, no right, or the schema is too new.</exception>
    public static PostgresDialect Open(NpgsqlConnectionStringBuilder builder, ILogger log, IReadOnlyList<Migration>? migrations = null, TimeSpan? patience = null)
    {
        var dialect = new PostgresDialect(builder, log);
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                dialect.Prepare(builder, migrations ?? Migration.Load("Postgres"));
                return dialect;
            }
            catch (NpgsqlException e) when (dialect.IsTransient(e) && TimeProvider.System.GetElapsedTime(began) < (patience ?? StartPatience))
            {
                LogWaiting(log, PostgresConnections.Describe(builder), e.Message);
                Task.Delay(StartPause, TimeProvider.System).GetAwaiter().GetResult();
            }
            catch (Exception e)
            {
                dialect.DisposeAsync().AsTask().GetAwaiter().GetResult();
                throw e as StoreUnavailableException
                    ?? new StoreUnavailableException($"The database {PostgresConnections.Describe(builder)} cannot be used: {e.Message}. Check that the server runs, that this host may reach it, and the user's password and rights.", e);
            }
        }
    }

    public string Each => "g.key";

    public string FirstOfEach(string select, string table, string condition) =>
        $"SELECT h.* FROM unnest(@workflows) AS g(key) CROSS JOIN LATERAL ({select} {condition} LIMIT @limit) AS h";

    public string Among(string parameter) => $"= ANY(@{parameter})";

    public object List(IEnumerable<string> values) => values.ToArray();

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await _pool.OpenConnectionAsync(cancellationToken);
        return await work(connection);
    }

    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await _pool.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await work(connection, transaction);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    public T WriteAsMember<T>(Func<DbConnection, DbTransaction, T> work) => _member.Write(work);

    public async Task<IReadOnlySet<StoreWrite>> WriteAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await _pool.OpenConnectionAsync(cancellationToken);
        return await _batch.WriteAsync(connection, batch, cancellationToken);
    }

    public bool IsTransient(Exception fault) => fault switch
    {
        PostgresException e => e.SqlState[..2] is "08" or "40" or "53" or "57" or "58" or "25" || e.SqlState is "55P03" or "55006",
        NpgsqlException => true,
        IOException or TimeoutException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    public bool IsTimeout(Exception fault) => fault is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } or NpgsqlException { InnerException: TimeoutException };

    // Data exceptions, constraints, limits of a row or an index entry; what is no text fails before it is sent.
    public bool RefusesData(Exception fault) => fault is PostgresException { SqlState: var state } ? state[..2] is "22" or "23" or "54" : fault is ArgumentException;

    public async Task<int> MaintainAsync(long cutoff, CancellationToken cancellationToken)
    {
        await using var connection = await _pool.OpenConnectionAsync(cancellationToken);
        return await _partitions.MaintainAsync(connection, cutoff, cancellationToken);
    }

    public void Forget() => _batch.Forget();

    /// <summary>A connection aside from the pool, for notifications.</summary>
    public NpgsqlConnection Aside() => _member.Source.CreateConnection();

    /// <summary>Runs one statement on the pool.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = _pool.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _member.Dispose();
        await _pool.DisposeAsync();
    }

    private void Prepare(NpgsqlConnectionStringBuilder builder, IReadOnlyList<Migration> migrations)
    {
        using var source = PostgresConnections.Source(new NpgsqlConnectionStringBuilder(_member.Settings.ToString()) { CommandTimeout = 0 });
        using var connection = source.OpenConnection();
        connection.Execute("SET statement_timeout = 0; SET lock_timeout = '30s'");
        new Migrator(PostgresConnections.Describe(builder), migrations).Run(connection, (c, t) => c.Execute("SELECT pg_advisory_xact_lock(7220643014590271)", transaction: t));

        // On the pool: where this is waited for, there may be no thread for what comes after an await, and the transaction would stand open.
        Task.Run(() => _partitions.EnsureAsync(connection, CancellationToken.None)).GetAwaiter().GetResult();
        foreach (var setting in (string[])["synchronous_commit", "fsync", "full_page_writes"])
        {
            if (connection.QuerySingle<string>($"SHOW {setting}") == "off")
            {
                LogNotDurable(_log, setting);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database {Database} does not answer yet: {Reason}")]
    private static partial void LogWaiting(ILogger logger, string database, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database server has {Setting}=off: what it acknowledges may be lost in a crash, and runs with it. Turn it on.")]
    private static partial void LogNotDurable(ILogger logger, string setting);
}
