using System.Globalization;
using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Actors.Grains.Store.Sqlite;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Actors.Grains.Tests.Runs;

/// <summary>A store of a test's own, whose clock the test moves.</summary>
/// <param name="Advance">Moves the database's clock, unless it is the test's.</param>
/// <param name="Close">Called at the end.</param>
internal sealed record TestStore(IRunStore Store, Action<TimeSpan>? Advance = null, Func<ValueTask>? Close = null)
{
    public static TestStore Sqlite(FakeTimeProvider time)
    {
        var folder = Directory.CreateTempSubdirectory("actors-host");
        var store = new SqlRunStore(new SqliteDialect(Path.Combine(folder.FullName, "runs.db"), time));
        return new TestStore(store, Close: async () =>
        {
            await store.DisposeAsync();
            folder.Delete(recursive: true);
        });
    }

    public static TestStore Postgres(PostgresServer server)
    {
        var database = server.CreateDatabaseAsync().GetAwaiter().GetResult();
        var store = new SqlRunStore(PostgresDialect.Open(PostgresConnections.Parse(database, null), NullLogger.Instance));
        var ahead = TimeSpan.Zero;
        return new TestStore(
            store,
            by =>
            {
                ahead += by;
                using var connection = new NpgsqlConnection(database + ";Pooling=false");
                connection.Open();
                using var command = new NpgsqlCommand(
                    string.Create(CultureInfo.InvariantCulture, $"CREATE OR REPLACE FUNCTION db_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + {(long)ahead.TotalMilliseconds} $$"),
                    connection);
                command.ExecuteNonQuery();
            },
            store.DisposeAsync);
    }
}
