using System.Globalization;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Actors.Grains.Tests.Store;

/// <summary>One server for all tests.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await PostgresServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

public sealed partial class PostgresRunStoreTests(PostgresFixture postgres) : RunStoreConformance, IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private string _database = "";
    private TimeSpan _ahead;
    private SqlRunStore _store = null!;

    private protected override IRunStore Store => _store;

    private protected override DateTimeOffset Now => TimeProvider.System.GetUtcNow() + _ahead;

    public async Task InitializeAsync()
    {
        _database = await postgres.Server.CreateDatabaseAsync();
        _store = new SqlRunStore(Open());
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
    }

    [Fact]
    public async Task Open_NewerSchema_OldAndNewProgramsWorkSideBySide()
    {
        Migration[] newer = [.. Migration.Load("Postgres"), new(4, 1, "ALTER TABLE runs ADD COLUMN later text"), new(5, 5, "ALTER TABLE runs DROP COLUMN later")];
        await using var next = new SqlRunStore(Open(newer[..4]));
        var (silo, run) = await ClaimedAsync();
        await next.InsertAsync(New(), default);
        await Store.CommitAsync(Commit(silo, run), default);
        await using (var again = Open())
        {
            Assert.Equal(2, (await next.ListAsync(new RunFilter(), null, 10, default)).Count);
        }

        await Open(newer).DisposeAsync();
        var e = Assert.Throws<StoreUnavailableException>(() => Open());
        Assert.Contains("Use the newer program", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_ManyAtOnce_MigrateOnce()
    {
        _database = await postgres.Server.CreateDatabaseAsync();
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Open())));
        foreach (var dialect in opened)
        {
            await dialect.DisposeAsync();
        }

        Assert.Equal(3L, await ScalarAsync<long>("SELECT count(*) FROM schema_version"));
    }

    [Fact]
    public void Open_WrongPassword_IsNotRepeated()
    {
        var builder = PostgresConnections.Parse($"postgres://postgres:hunter2hunter2@127.0.0.1:{postgres.Server.Port}/postgres?sslmode=disable", null);
        var e = Assert.Throws<StoreUnavailableException>(() => PostgresDialect.Open(builder, NullLogger.Instance, patience: TimeSpan.Zero));

        Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal);
        Assert.Contains("rights", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_ServerRestarts_IsWrittenOnce()
    {
        var (silo, run) = await ClaimedAsync();
        await postgres.Server.StopAsync();
        var commit = Commit(silo, run);
        var waiting = Store.CommitAsync(commit, default);
        await postgres.Server.StartAsync();
        await waiting;

        Assert.Equal((2L, commit.Trace[^1].Hash), ((await Store.LoadAsync(run.State.RunId, default))!.Version, (await Store.LoadAsync(run.State.RunId, default))!.TraceHead));
    }

    [Fact]
    public async Task Insert_OneBadAmongMany_FailsAlone()
    {
        // Random, or the server would compress it below its limit for indexed values.
        var random = new byte[20_000];
        new Random(1).NextBytes(random);
        var bad = New(submitter: Convert.ToBase64String(random));
        NewRun[] runs = [.. Enumerable.Range(0, 20).Select(_ => New()), bad];
        var tries = await Task.WhenAll(runs.Select(async r => await Record.ExceptionAsync(() => Store.InsertAsync(r, default))));

        Assert.IsType<UnstorableException>(tries[^1]);
        Assert.All(tries[..^1], Assert.Null);
        Assert.IsType<UnstorableException>(await Record.ExceptionAsync(() => Store.InsertAsync(New(submitter: "a\0b"), default)));
    }

    [Fact]
    public async Task Commit_TableIsMissing_IsAFaultOfTheStoreNotOfTheRun()
    {
        var (silo, run) = await ClaimedAsync();
        await ScalarAsync<int>("ALTER TABLE trace RENAME TO elsewhere; SELECT 1");
        var fault = await Record.ExceptionAsync(() => Store.CommitAsync(Commit(silo, run), default));
        await ScalarAsync<int>("ALTER TABLE elsewhere RENAME TO trace; SELECT 1");
        await Store.CommitAsync(Commit(silo, run), default);

        Assert.IsType<StoreUnavailableException>(fault);
    }

    [Fact]
    public async Task Evict_MemberPausedInTheMiddleOfAClaim_WaitsForNobody()
    {
        var paused = await JoinedAsync();
        var (silo, _) = await ClaimedAsync();
        var lease = TimeSpan.FromSeconds(15);
        await using var connection = await ConnectAsync();
        await using (var claiming = await connection.BeginTransactionAsync())
        {
            await using var lockRow = new NpgsqlCommand($"SELECT id FROM silos WHERE id = '{paused}' FOR KEY SHARE", connection, claiming);
            await lockRow.ExecuteScalarAsync();
            await AdvanceAsync(lease * 2);
            await Store.BeatAsync(silo, default);
            Assert.Equal(0, await Store.EvictAsync(lease, default).WaitAsync(TimeSpan.FromSeconds(3), TimeProvider.System));
            Assert.Equal(2, (await Store.ListSilosAsync(default)).Count);
        }

        await Store.EvictAsync(lease, default);
        Assert.Equal(silo, Assert.Single(await Store.ListSilosAsync(default)).Id);
    }

    [Fact]
    public async Task Maintain_DefaultPartitionHoldsTheDay_GoesOnWithoutItsPartition()
    {
        await ScalarAsync<int>("DO $$ DECLARE p text; BEGIN FOR p IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN ('trace'::regclass, 'finished_runs'::regclass) LOOP IF p NOT LIKE '%default' THEN EXECUTE 'DROP TABLE ' || p; END IF; END LOOP; END $$; SELECT 1");
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);

        Assert.Equal(0, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        await AdvanceAsync(TimeSpan.FromDays(3));
        Assert.Equal(1, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM trace"));
    }

    [Fact]
    public async Task Maintain_WholeDayIsOver_DropsItsPartitions()
    {
        var (silo, run) = await ClaimedAsync();
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);
        var before = await ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'trace'::regclass");
        await AdvanceAsync(TimeSpan.FromDays(3));

        Assert.Equal(1, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM trace"));

        // Days 0 and 1 went, days 4 to 6 came.
        Assert.Equal(before - 2 + 3, await ScalarAsync<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'trace'::regclass"));
    }

    [Fact]
    public async Task Maintain_AnotherSiloMakesThePartition_WaitsForItAndGoesOn()
    {
        const string Partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'trace'::regclass";
        var before = await ScalarAsync<long>(Partitions);
        var name = await ScalarAsync<string>("SELECT max(relname)::text FROM pg_class WHERE relname ~ '^trace_[0-9]{8}$'");
        var bounds = await ScalarAsync<string>($"SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = '{name}'");
        await ScalarAsync<int>($"DROP TABLE {name}; SELECT 1");
        await using var other = await ConnectAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await ExecuteAsync(other, $"SELECT pg_advisory_xact_lock({PostgresPartitions.Making})");

        var maintaining = Store.MaintainAsync(TimeSpan.FromDays(1), default);
        await Poll.UntilAsync(async () => await ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"), "somebody waits for the lock");
        await ExecuteAsync(other, $"CREATE TABLE {name} (LIKE trace INCLUDING ALL); ALTER TABLE trace ATTACH PARTITION {name} {bounds}");
        await transaction.CommitAsync();

        Assert.Equal(0, await maintaining);
        Assert.Equal(before, await ScalarAsync<long>(Partitions));
    }

    [Fact]
    public async Task Beat_Timeline_IsTheServers() => Assert.Equal(1, (await Store.JoinAsync(new SiloRecord(SiloId.New(), "s", "1", 1, default, default), default)).Timeline);

    [Fact]
    public async Task WakeUps_Send_IsHeardByTheOther()
    {
        await using var first = RunDatabase.Open(_database, null, TimeProvider.System, NullLogger.Instance);
        await using var second = RunDatabase.Open(_database, null, TimeProvider.System, NullLogger.Instance);

        // Listening begins with a hint of its own.
        await second.WakeUps.WaitAsync(TimeSpan.FromSeconds(20), default);
        first.WakeUps.Send();
        var began = TimeProvider.System.GetTimestamp();
        await second.WakeUps.WaitAsync(TimeSpan.FromSeconds(20), default);

        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(15));
    }

    private protected override async Task AdvanceAsync(TimeSpan by)
    {
        _ahead += by;
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(
            string.Create(CultureInfo.InvariantCulture, $"CREATE OR REPLACE FUNCTION db_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + {(long)_ahead.TotalMilliseconds} $$"),
            connection);
        await command.ExecuteNonQueryAsync();
    }

    private PostgresDialect Open(IReadOnlyList<Migration>? migrations = null) => PostgresDialect.Open(PostgresConnections.Parse(_database, null), NullLogger.Instance, migrations);

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
