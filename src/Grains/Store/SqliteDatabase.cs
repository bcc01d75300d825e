using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Actors.Grains.Store;

/// <summary>One SQLite file, held by one process: a lock file refuses a second one, writes go through one connection, reads through a pool.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly FileStream _lock;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly string _connectionString;

    static SqliteDatabase() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Opens or creates the file and brings its schema up to date.</summary>
    /// <exception cref="StoreUnavailableException">Another process holds it, it is not writable, or it is newer than this version.</exception>
    public SqliteDatabase(string path)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        _lock = Lock(full);
        try
        {
            // Params and results pass through it; SQLite gives its journal the same mode.
            new FileStream(full, PrivateFile).Dispose();
            _connectionString = new SqliteConnectionStringBuilder { DataSource = full, Pooling = true }.ToString();
            _writer = Open();
            _writer.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
            Migrate();
        }
        catch (SqliteException e)
        {
            Dispose();
            throw new StoreUnavailableException($"The database {full} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Runs <paramref name="work"/> in one write transaction, alone.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // An fsync blocks: not on a thread that serves requests.
            return await Task.Run(
                () =>
                {
                    using var transaction = _writer.BeginTransaction(deferred: false);
                    var result = work(_writer, transaction);
                    transaction.Commit();
                    return result;
                },
                CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> on a pooled connection.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var connection = Open();
            return work(connection);
        },
        cancellationToken);

    public void Dispose()
    {
        _writer?.Dispose();
        if (_writer is not null)
        {
            SqliteConnection.ClearPool(_writer);
        }

        _writing.Dispose();
        _lock.Dispose();
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
            throw new StoreUnavailableException($"The database {path} is in use by another process, or its folder is not writable. SQLite serves one silo: stop the other one, or give each its own file.", e);
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        connection.Execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;");
        return connection;
    }

    private void Migrate()
    {
        using var transaction = _writer.BeginTransaction(deferred: false);
        _writer.Execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", transaction: transaction);
        var current = _writer.QuerySingle<int?>("SELECT max(version) FROM schema_version", transaction: transaction) ?? 0;
        var scripts = Scripts();
        if (current > scripts.Count)
        {
            throw new StoreUnavailableException($"The database has schema version {current}, this program knows {scripts.Count}. Use the newer program.");
        }

        foreach (var (version, sql) in scripts.Skip(current))
        {
            _writer.Execute(sql, transaction: transaction);
            _writer.Execute("INSERT INTO schema_version (version) VALUES (@version)", new { version }, transaction);
        }

        transaction.Commit();
    }

    private static List<(int Version, string Sql)> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select((name, index) =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return (index + 1, reader.ReadToEnd());
            })];
    }
}

/// <summary>The store cannot be used; the message names the file and the fix.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
