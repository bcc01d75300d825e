using Actors.Grains.Runs;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Store;

/// <summary>A store that is ready for use.</summary>
/// <param name="Store">The store.</param>
/// <param name="WakeUps">Hints between silos; null where there is one silo.</param>
/// <param name="Owner">Closes it.</param>
internal sealed record OpenedStore(IRunStore Store, IWakeUps? WakeUps, IAsyncDisposable Owner);

/// <summary>Opens the store that a setting names.</summary>
internal static class RunStores
{
    /// <summary>A connection string with <c>Host=</c> is PostgreSQL, anything else the path of a SQLite file.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be used.</exception>
    public static OpenedStore Open(string database, string? password, TimeProvider time, ILogger log)
    {
        var opened = RunDatabase.Open(password is null ? database : $"{database};Password={password}", null, time, log);
        return new OpenedStore(opened.Store, IsPostgres(database) ? opened.WakeUps : null, opened);
    }

    /// <summary>Whether the setting names a PostgreSQL database.</summary>
    public static bool IsPostgres(string database) =>
        database.Split(';').Any(p => p.TrimStart().StartsWith("Host=", StringComparison.OrdinalIgnoreCase) || p.TrimStart().StartsWith("Server=", StringComparison.OrdinalIgnoreCase));
}
