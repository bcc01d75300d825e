using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Actors.Grains.Tests.Store;

/// <summary>A primary and its standby behind one connection string.</summary>
public sealed partial class PostgresRunStoreTests
{
    [Theory]
    [InlineData("postgres://u@a:5432,b:5433/db?target_session_attrs=read-write", "a:5432,b:5433")]
    [InlineData("postgres://u:p@a,b/db", "a,b")]
    [InlineData("postgres://u:p@a:1/db?options=x,y", "a")]
    [InlineData("Host=a,b;Database=db;Target Session Attributes=read-write", "a,b")]
    public void Parse_Hosts_AreThose(string text, string hosts)
    {
        var settings = PostgresConnections.Parse(text, null);
        using var source = PostgresConnections.Source(settings);

        Assert.Equal((hosts, "db"), (settings.Host, settings.Database));
        Assert.Contains("'db' on a", PostgresConnections.Describe(settings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u@a,b/db?target_session_attrs=standby")]
    [InlineData("postgres://u@a/db?target_session_attrs=read-only")]
    public void Open_StandbysAreWanted_SaysThatItWrites(string text)
    {
        var e = Assert.Throws<StoreUnavailableException>(() => PostgresDialect.Open(PostgresConnections.Parse(text, null), NullLogger.Instance, patience: TimeSpan.Zero));

        Assert.Contains("target_session_attrs", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_PrimaryAndStandby_WritesToThePrimaryAndFollowsThePromotion()
    {
        await using var primary = await PostgresServer.StartAsync();
        var database = new NpgsqlConnectionStringBuilder(await primary.CreateDatabaseAsync()).Database!;
        await using var standby = await primary.StartStandbyAsync();
        var text = $"postgres://{PostgresServer.User}:{primary.Password}@127.0.0.1:{standby.Port},127.0.0.1:{primary.Port}/{database}?target_session_attrs=read-write";
        await using var store = new SqlRunStore(PostgresDialect.Open(PostgresConnections.Parse(text, null), NullLogger.Instance));
        var silo = SiloId.New();
        var before = await store.JoinAsync(new SiloRecord(silo, "s", "1", 1, default, default), default);
        await store.InsertAsync(New(), default);
        var run = Assert.Single(await store.ClaimAsync(Wish(silo) with { Timeline = before.Timeline }, default)).Run;
        await Poll.UntilAsync(async () => await OwnerAsync(standby, database) == silo.ToString(), "the standby has the claim");

        await primary.Kill9Async();
        await standby.ExecuteAsync("SELECT pg_promote()");
        SiloBeat? after = null;
        await Poll.UntilAsync(async () => (after = await BeatAsync(store, silo)) is not null, "the silo beats on the new primary");

        Assert.Equal((1, 2), (before.Timeline, after!.Timeline));
        Assert.Empty(await store.ClaimAsync(Wish(silo) with { Timeline = before.Timeline }, default));

        // As a silo does that hears of it: what it owned is given up, and claimed anew by its next membership.
        await store.LeaveAsync(silo, drained: false, default);
        var next = SiloId.New();
        await store.JoinAsync(new SiloRecord(next, "s", "1", 1, default, default), default);
        var again = Assert.Single(await store.ClaimAsync(Wish(next) with { Timeline = after.Timeline, EpochFloor = 5 }, default)).Run;
        Assert.Equal((run.State.RunId, 6), (again.State.RunId, again.Epoch));
        await Assert.ThrowsAsync<LostOwnershipException>(() => store.CommitAsync(Commit(silo, run), default));
    }

    private static async Task<SiloBeat?> BeatAsync(SqlRunStore store, SiloId silo)
    {
        try
        {
            return await store.BeatAsync(silo, default);
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    private static async Task<string?> OwnerAsync(PostgresServer server, string database)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT owner FROM runs", connection);
        return await command.ExecuteScalarAsync() as string;
    }
}
