using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Actors.Grains.Store.Sqlite;

/// <summary>One SQLite file, held by one process: a lock file refuses a second one; one thread writes, reads go through a pool.</summary>
internal sealed class SqliteDialect : ISqlDialect
{
    private readonly FileStream _lock;
    private readonly TimeProvider _time;
    private readonly string _connectionString;
    private readonly SqliteConnection _writer;
    private readonly SqliteBatch _batch;
    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    static SqliteDialect() => Batteries_V2.Init();

    /// <summary>Opens or creates the file and brings its schema up to date.</summary>
    /// <exception cref="StoreUnavailableException">Another process holds it, it is not writable, or it is newer than this version.</exception>
    public SqliteDialect(string path, TimeProvider time, IReadOnlyList<Migration>? migrations = null)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        _time = time;
        _lock = Lock(full);
        try
        {
            // Params and results pass through it; SQLite gives its journal the same mode.
            new FileStream(full, PrivateFile).Dispose();
            _connectionString = new SqliteConnectionStringBuilder { DataSource = full, Pooling = true }.ToString();
            _writer = Open();
            _writer.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;");
            new Migrator(full, migrations ?? Migration.Load("Sqlite")).Run(_writer, (_, _) => { });
            _batch = new SqliteBatch(_writer);
        }
        catch (Exception e) when (e is SqliteException or StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            _writer?.Dispose();
            _lock.Dispose();
            throw e as StoreUnavailableException ?? new StoreUnavailableException($"The database {full} cannot be opened: {e.Message}", e);
        }

        _thread = new Thread(WorkAll) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    public int BatchesInFlight => 1;

    public bool HasOneMember => true;

    public string KeepRows => "";

    public string TakeFreeRows => "";

    public string Timeline => "0";

    public string QueueHeads =>
        """
        SELECT r.id, r.submitter, r.workflow_id, r.priority FROM json_each(@submitters) s CROSS JOIN json_each(@workflows) w ON w.key = s.key CROSS JOIN runs r
        WHERE r.id IN (
          SELECT x.id FROM runs x WHERE x.owner IS NULL AND x.queued AND x.submitter = s.value AND x.workflow_id = w.value AND x.format <= @format ORDER BY x.priority DESC, x.id LIMIT @most)
        """;

    public string DueHeads =>
        $"""
        SELECT {ISqlDialect.DueColumns} FROM (SELECT value FROM json_each(@submitters)) g CROSS JOIN runs WHERE id IN (
          SELECT x.id FROM runs x WHERE x.owner IS NULL AND x.due_at <= (SELECT db_now()) AND x.format <= @format AND x.strikes < @suspect AND x.submitter = g.value ORDER BY x.due_at LIMIT @most)
        """;

    public string Each => "g.value";

    public string FirstOfEach(string select, string table, string condition) =>
        $"{select} WHERE id IN (SELECT x.id FROM json_each(@workflows) g CROSS JOIN {table} x WHERE x.id IN (SELECT id FROM {table} {condition} LIMIT @limit))";

    public string Among(string parameter) => $"IN (SELECT value FROM json_each(@{parameter}))";

    public object List(IEnumerable<string> values) => JsonSerializer.Serialize(values);

    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            var connection = _readers.TryTake(out var idle) ? idle : Open();
            try
            {
                return await work(connection);
            }
            finally
            {
                // Opening one costs more than most reads.
                _readers.Add(connection);
            }
        },
        cancellationToken);

    public Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancellationToken) =>
        OnWriter(t => work(_writer, t).GetAwaiter().GetResult(), cancellationToken);

    public T WriteAsMember<T>(Func<DbConnection, DbTransaction, T> work) => OnWriter(t => work(_writer, t), CancellationToken.None).GetAwaiter().GetResult();

    public Task<IReadOnlySet<StoreWrite>> WriteAsync(WriteBatch batch, CancellationToken cancellationToken) => OnWriter(t => _batch.Write(batch, t), cancellationToken);

    public bool IsTransient(Exception fault) => fault is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR };

    public bool IsTimeout(Exception fault) => false;

    public bool RefusesData(Exception fault) => fault is SqliteException { SqliteErrorCode: raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH } or ArgumentException;

    public Task<int> MaintainAsync(long cutoff, CancellationToken cancellationToken) => Task.FromResult(0);

    public void Forget()
    {
    }

    public ValueTask DisposeAsync()
    {
        _work.CompleteAdding();
        _thread.Join();
        _batch.Dispose();
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }

        _writer.Dispose();
        SqliteConnection.ClearPool(_writer);
        _work.Dispose();
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }

    private static FileStreamOptions PrivateFile
    {
        get
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return options;
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The database {path} is in use by another process, or its folder is not writable. SQLite serves one silo: stop the other one, give each its own file, or use PostgreSQL.", e);
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        connection.CreateFunction("db_now", () => _time.GetUtcNow().ToUnixTimeMilliseconds());
        connection.Execute("PRAGMA busy_timeout = 5000;");
        return connection;
    }

    private Task<T> OnWriter<T>(Func<SqliteTransaction, T> work, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Action action = () =>
        {
            if (cancellationToken.IsCancellationRequested)
            {
                answer.TrySetCanceled(cancellationToken);
                return;
            }

            try
            {
                using var transaction = _writer.BeginTransaction(deferred: false);
                var result = work(transaction);
                transaction.Commit();
                answer.TrySetResult(result);
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
            }
        };
        try
        {
            _work.Add(action, CancellationToken.None);
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            answer.TrySetException(new StoreUnavailableException("The store is closed.", e));
        }

        return answer.Task;
    }

    private void WorkAll()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
