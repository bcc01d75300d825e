using Actors.Grains.Store.Postgres;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Store;

/// <summary>A store that is ready for use.</summary>
/// <param name="Store">The store.</param>
/// <param name="WakeUps">Hints between silos.</param>
/// <param name="Mail">Letters between silos about MCP sessions.</param>
/// <param name="Owner">Closes it.</param>
internal sealed record OpenedStore(IRunStore Store, IWakeUps? WakeUps, SessionMail Mail, IAsyncDisposable Owner);

/// <summary>Opens the store that a setting names.</summary>
internal static class RunStores
{
    /// <summary><c>postgres://…</c> or keywords with <c>Host=</c> are PostgreSQL, anything else the path of a SQLite file.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be used.</exception>
    public static OpenedStore Open(string database, string? password, TimeProvider time, ILogger log)
    {
        var opened = RunDatabase.Open(database, password, time, log);
        return new OpenedStore(opened.Store, opened.WakeUps, opened.Mail, opened);
    }

    /// <summary>Whether the setting names a PostgreSQL database.</summary>
    public static bool IsPostgres(string database) => PostgresConnections.IsMeant(database);
}
