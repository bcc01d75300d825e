using Actors.Grains.Store.Postgres;
using Actors.Grains.Store.Sqlite;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Store;

/// <summary>The store of a silo, open.</summary>
internal sealed class RunDatabase : IAsyncDisposable
{
    private readonly SqlRunStore _store;
    private readonly PostgresWakeUps? _listener;

    private RunDatabase(ISqlDialect dialect, IWakeUps wakeUps, ILogger log)
    {
        _store = new SqlRunStore(dialect, log);
        Mail = new SessionMail(dialect);
        _listener = wakeUps as PostgresWakeUps;
        WakeUps = wakeUps;
    }

    public IRunStore Store => _store;

    public IWakeUps WakeUps { get; }

    public SessionMail Mail { get; }

    /// <summary>Opens a PostgreSQL database (<c>postgres://…</c>, or keywords with <c>Host=</c>) or an SQLite file (any other text), and brings its schema up to date. Blocks.</summary>
    /// <param name="database">Which one.</param>
    /// <param name="password">PostgreSQL's, so that it need not be in the setting; or null.</param>
    /// <param name="time">SQLite's clock; PostgreSQL has its own.</param>
    /// <param name="log">Where to tell of lost connections.</param>
    /// <param name="migrations">Instead of the program's own.</param>
    /// <exception cref="StoreUnavailableException">It cannot be used.</exception>
    public static RunDatabase Open(string database, string? password, TimeProvider time, ILogger log, IReadOnlyList<Migration>? migrations = null)
    {
        if (!PostgresConnections.IsMeant(database))
        {
            return new RunDatabase(new SqliteDialect(database, time, migrations), new InProcessWakeUps(time), log);
        }

        var dialect = PostgresDialect.Open(PostgresConnections.Parse(database, password), log, migrations);
        return new RunDatabase(dialect, new PostgresWakeUps(dialect, log), log);
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        await _store.DisposeAsync();
    }
}
