using System.Globalization;
using System.Text.RegularExpressions;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Actors.Testing;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Actors.Grains.Tests.Store;

/// <summary>What only much data, or damaged data, brings about.</summary>
public sealed partial class PostgresRunStoreTests
{
    private const string FinishedDays = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'finished_runs'::regclass";

    public static TheoryData<string> Filters => [.. s_filters.Keys];

    private static readonly Dictionary<string, RunFilter> s_filters = new()
    {
        ["all"] = new(),
        ["submitter"] = new("rare"),
        ["workflow"] = new(WorkflowId: "rare1"),
        ["both"] = new("rare", "rare1"),
        ["workflows"] = new() { WorkflowIds = ["rare1", "rare2"] },
        ["workflows and submitter"] = new("rare") { WorkflowIds = ["rare1", "rare2"] },
        ["done"] = new(Status: RunStatus.Done),
        ["done workflows"] = new(Status: RunStatus.Done) { WorkflowIds = ["rare1", "rare2"] },
        ["status of a submitter"] = new("rare", Status: RunStatus.Running),
        ["status of workflows"] = new(Status: RunStatus.Running) { WorkflowIds = ["rare1", "rare2"] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task List_LongHistory_ReadsHardlyMoreThanItGives(string filter)
    {
        await FillAsync();
        await using var dialect = Open();
        await using var connection = new NpgsqlConnection(PostgresConnections.Parse(_database, null).ToString());
        await connection.OpenAsync();
        foreach (var before in (RunId?[])[null, RunId.New(Now)])
        {
            // The plan for any values, as the product's prepared statements have it.
            var sql = RunListing.Statement(dialect, s_filters[filter], before, 10).Sql;
            string[] names = [.. Names().Matches(sql).Select(m => m.Groups["name"].Value).Distinct()];
            var numbered = names.Index().Aggregate(sql, (text, p) => Regex.Replace(text, $"@{p.Item}\\b", $"${p.Index + 1}"));
            var types = names.Select(n => n switch { "limit" => "bigint", "workflows" => "text[]", _ => "text" });
            var values = names.Select(n => n switch { "limit" => "10", "workflows" => "'{rare1,rare2}'", "Submitter" => "'rare'", "WorkflowId" => "'rare1'", "status" => "'running'", _ => "'s'" });
            await ExecuteAsync(connection, $"DEALLOCATE ALL; PREPARE listing({string.Join(',', types)}) AS {numbered}");
            var plan = string.Join('\n', await connection.QueryAsync<string>($"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE listing({string.Join(',', values)})"));

            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            Assert.All(Counts().Matches(plan), m => Assert.True(double.Parse(m.Groups["n"].Value, CultureInfo.InvariantCulture) <= 50, plan));
        }
    }

    [Fact]
    public async Task Maintain_KeysOfADayTakeLong_NobodyIsLockedOutMeanwhile()
    {
        await FinishedAsync("k");
        await using var other = await ConnectAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await ExecuteAsync(other, "SELECT 1 FROM idempotency_keys FOR UPDATE");
        var maintaining = Store.MaintainAsync(TimeSpan.FromDays(1), default);
        await Poll.UntilAsync(async () => await ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted)"), "somebody waits for the key");

        Assert.False(await ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation IN ('trace'::regclass, 'finished_runs'::regclass) AND mode = 'AccessExclusiveLock')"));
        await transaction.RollbackAsync();
        Assert.Equal(1, await maintaining);
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM idempotency_keys"));
    }

    [Fact]
    public async Task Maintain_DroppingADayTakesTooLong_GoesOnRowByRowAndDropsItLater()
    {
        await FinishedAsync("k");
        var before = await ScalarAsync<long>(FinishedDays);
        await ScalarAsync<int>("CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END $$; CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION slow(); SELECT 1");

        Assert.Equal(1, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        Assert.Equal(before + 3, await ScalarAsync<long>(FinishedDays));
        await ScalarAsync<int>("DROP EVENT TRIGGER slow; SELECT 1");
        Assert.Equal(0, await Store.MaintainAsync(TimeSpan.FromDays(1), default));
        Assert.Equal(before + 3 - 2, await ScalarAsync<long>(FinishedDays));
    }

    [Theory]
    [InlineData("UPDATE run_values SET body = '{\"text' WHERE run_id = '{0}'")]
    [InlineData("UPDATE runs SET state = '{' WHERE id = '{0}'")]
    public async Task Claim_DamagedRun_RestsWithItsStrikeAndStopsNobody(string damage)
    {
        var silo = await JoinedAsync();
        var damaged = await InsertedAsync(New(parameters: Large('a').GetRawText()));
        var good = await InsertedAsync(New(parameters: Large('b').GetRawText()));
        await ScalarAsync<int>(damage.Replace("{0}", damaged.Value, StringComparison.Ordinal) + "; SELECT 1");

        Assert.Equal(good, Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run.State.RunId);
        Assert.Equal(good, Assert.Single(await Store.ListOwnedAsync(silo, default)).Id);
        Assert.Equal(1L, await ScalarAsync<long>($"SELECT strikes FROM runs WHERE id = '{damaged}' AND owner IS NULL AND due_at > db_now()"));
        await AdvanceAsync(TimeSpan.FromSeconds(11));
        Assert.Empty(await Store.ClaimAsync(Wish(silo), default));
        Assert.Equal(2L, await ScalarAsync<long>($"SELECT strikes FROM runs WHERE id = '{damaged}'"));
    }

    [Fact]
    public async Task Claim_DamagedValuesTooManyStrikes_ComesWithoutThemToBeGivenUp()
    {
        var silo = await JoinedAsync();
        var damaged = await InsertedAsync(New(parameters: Large('a').GetRawText()));
        await ScalarAsync<int>("UPDATE run_values SET body = '{'; UPDATE runs SET strikes = 3, due_at = 0, queued = FALSE; SELECT 1");

        Assert.Empty(await Store.ClaimAsync(Wish(silo) with { SuspectStrikes = 3, TakesSuspect = true }, default));
        await AdvanceAsync(TimeSpan.FromMinutes(2));
        var run = Assert.Single(await Store.ClaimAsync(Wish(silo) with { SuspectStrikes = 3, TakesSuspect = true }, default)).Run;
        Assert.Equal((damaged, 5), (run.State.RunId, run.Strikes));
    }

    [Fact]
    public async Task Claim_MoreDataThanTheBudget_GivesTheRestBackWithoutAStrike()
    {
        await using var store = new SqlRunStore(Open(), mostLoaded: 3000);
        var silo = await JoinedAsync();
        for (var i = 0; i < 3; i++)
        {
            await Store.InsertAsync(New(parameters: $"{{\"text\":\"{new string('x', 3 << 20)}\"}}"), default);
        }

        var first = Assert.Single(await store.ClaimAsync(Wish(silo), default)).Run;
        Assert.Equal(2L, await ScalarAsync<long>("SELECT count(*) FROM runs WHERE owner IS NULL AND strikes = 0 AND due_at <= db_now()"));
        Assert.NotEqual(first.State.RunId, Assert.Single(await store.ClaimAsync(Wish(silo), default)).Run.State.RunId);
    }

    [Fact]
    public async Task Insert_OneTakesTooLongEachTime_FailsAlone()
    {
        await ScalarAsync<int>("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF length(NEW.body) > 1000000 THEN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END IF; RETURN NEW; END $$; CREATE TRIGGER slow BEFORE INSERT ON run_values FOR EACH ROW EXECUTE FUNCTION slow(); SELECT 1");
        NewRun[] runs = [.. Enumerable.Range(0, 20).Select(_ => New()), New(parameters: $"{{\"text\":\"{new string('x', 1 << 20)}\"}}")];
        var tries = await Task.WhenAll(runs.Select(async r => await Record.ExceptionAsync(() => Store.InsertAsync(r, default)))).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);

        Assert.Contains("too long", Assert.IsType<UnstorableException>(tries[^1]).Message, StringComparison.Ordinal);
        Assert.All(tries[..^1], Assert.Null);
    }

    [Fact]
    public async Task Insert_ManyLargeAtOnce_ShareTransactionsUpToALimit()
    {
        await ScalarAsync<int>("CREATE TABLE seen (tx bigint, size bigint); CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (txid_current(), length(NEW.body)); RETURN NEW; END $$; CREATE TRIGGER see BEFORE INSERT ON run_values FOR EACH ROW EXECUTE FUNCTION see(); SELECT 1");
        var parameters = $"{{\"text\":\"{new string('x', 1 << 20)}\"}}";
        NewRun[] runs = [.. Enumerable.Range(0, 32).Select(_ => New(parameters: parameters))];
        await Task.WhenAll(runs.Select(r => Store.InsertAsync(r, default)));

        Assert.Equal(32L, await ScalarAsync<long>("SELECT count(*) FROM seen"));
        Assert.True(await ScalarAsync<long>("SELECT max(size) FROM (SELECT sum(size)::bigint AS size FROM seen GROUP BY tx) AS s") <= 5 << 20);
    }

    [GeneratedRegex(@"Rows Removed by Filter: (?<n>[0-9.]+)|actual rows=(?<n>[0-9.]+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Counts();

    [GeneratedRegex("@(?<name>[A-Za-z]+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Names();

    private async Task FinishedAsync(string key)
    {
        var silo = await JoinedAsync();
        await Store.InsertAsync(New(key: key), default);
        var run = Assert.Single(await Store.ClaimAsync(Wish(silo), default)).Run;
        await Store.CommitAsync(Commit(silo, run, Done(run, Now)), default);
        await AdvanceAsync(TimeSpan.FromDays(3));
    }

    // The rare ones are the oldest.
    private async Task FillAsync() => await ScalarAsync<int>(
        """
        INSERT INTO finished_runs SELECT 'f' || lpad(n::text, 8, '0'), CASE WHEN n < 40 THEN 'rare' ELSE 'often' END, CASE WHEN n < 40 THEN 'rare' || n % 2 + 1 ELSE 'often' END, '1', 'h', NULL, 1, 1, 0, n, 1, 'h', '{}'
        FROM generate_series(1, 20000) AS n;
        INSERT INTO runs (id, submitter, workflow_id, workflow_version, definition_hash, format, priority, status, queued, version, epoch, due_at, strikes, commands, created_at, trace_length, trace_head, state)
        SELECT 'r' || lpad(n::text, 8, '0'), CASE WHEN n < 40 THEN 'rare' ELSE 'often' END, CASE WHEN n < 40 THEN 'rare' || n % 2 + 1 ELSE 'often' END, '1', 'h', 1, 0, 'queued', TRUE, 1, 0, n, 0, 0, n, 1, 'h', '{}'
        FROM generate_series(1, 5000) AS n;
        ANALYZE finished_runs; ANALYZE runs; SELECT 1
        """);
}
