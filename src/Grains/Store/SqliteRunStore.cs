using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Actors.Grains.Store;

/// <summary>Runs in SQLite: the embedded default, one silo.</summary>
internal sealed class SqliteRunStore(SqliteDatabase database) : IRunStore
{
    private const string Columns = "id, workflow_id, workflow_version, definition_hash, request_hash, version, epoch, state, trace_length, trace_head";

    public Task<InsertResult?> InsertAsync(NewRun run, int mostQueued, CancellationToken cancellationToken) => database.WriteAsync<InsertResult?>(
        (connection, transaction) =>
        {
            if (run.IdempotencyKey is not null)
            {
                var earlier = connection.QuerySingleOrDefault<Row>(
                    $"SELECT {Columns} FROM runs WHERE submitter = @Submitter AND idempotency_key = @IdempotencyKey",
                    new { run.State.Submitter, run.IdempotencyKey },
                    transaction);
                if (earlier is not null)
                {
                    return new InsertResult(earlier.ToRun(), Created: false, earlier.request_hash);
                }
            }

            if (connection.QuerySingle<int>("SELECT count(*) FROM runs WHERE status = 'queued' AND status <> 'done'", transaction: transaction) >= mostQueued)
            {
                return null;
            }

            Insert(connection, transaction, run);
            var stored = new StoredRun(run.State, run.Definition.Id, run.Definition.Version, run.DefinitionHash, 1, 0, run.Trace.Count, run.Trace[^1].Hash);
            return new InsertResult(stored, Created: true, run.RequestHash);
        },
        cancellationToken);

    public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => database.ReadAsync(
        connection => connection.QuerySingleOrDefault<Row>($"SELECT {Columns} FROM runs WHERE id = @id", new { id = id.Value })?.ToRun(),
        cancellationToken);

    public Task<StoredRun?> ClaimAsync(RunId id, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => connection.QuerySingleOrDefault<Row>(
            $"UPDATE runs SET epoch = epoch + 1 WHERE id = @id RETURNING {Columns}",
            new { id = id.Value },
            transaction)?.ToRun(),
        cancellationToken);

    public Task CommitAsync(RunCommit commit, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                """
                UPDATE runs SET status = @status, version = version + 1, state = @state, due_at = @due,
                  trace_length = trace_length + @count, trace_head = coalesce(@head, trace_head)
                WHERE id = @id AND epoch = @Epoch AND version = @ExpectedVersion
                """,
                new
                {
                    id = commit.State.RunId.Value,
                    commit.Epoch,
                    commit.ExpectedVersion,
                    status = StatusName(commit.State.Status),
                    state = Serialize(commit.State),
                    due = commit.State.DueAt?.ToUnixTimeMilliseconds(),
                    count = commit.Trace.Count,
                    head = commit.Trace.Count == 0 ? null : commit.Trace[^1].Hash,
                },
                transaction);
            if (changed != 1)
            {
                throw new LostOwnershipException(commit.State.RunId);
            }

            Append(connection, transaction, commit.State.RunId, commit.Trace);
            return true;
        },
        cancellationToken);

    public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) => database.ReadAsync(
        connection =>
        {
            using var transaction = connection.BeginTransaction(deferred: true);
            var run = connection.QuerySingleOrDefault<(long Length, string Status)?>(
                "SELECT trace_length, status FROM runs WHERE id = @id",
                new { id = id.Value },
                transaction);
            if (run is null)
            {
                return null;
            }

            var entries = connection.Query<TraceRow>(
                "SELECT seq, at, kind, data, prev, hash FROM trace WHERE run_id = @id AND seq > @afterSeq ORDER BY seq LIMIT @limit",
                new { id = id.Value, afterSeq, limit },
                transaction,
                buffered: false);
            return new TracePage(id.Value, Fitting(entries, bytes), run.Value.Length, run.Value.Status == StatusName(RunStatus.Done));
        },
        cancellationToken);

    public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => database.ReadAsync(
        connection => connection.QuerySingleOrDefault<string>("SELECT body FROM workflow_definitions WHERE hash = @hash", new { hash }) is { } body
            ? WorkflowJson.Read(JsonElement.Parse(body))
            : null,
        cancellationToken);

    public Task<IReadOnlyList<RunId>> FindAsync(RunStatus status, int limit, CancellationToken cancellationToken) =>
        IdsAsync("SELECT id FROM runs WHERE status = @status AND status <> 'done' ORDER BY id LIMIT @limit", new { status = StatusName(status), limit }, cancellationToken);

    public Task<IReadOnlyList<RunId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        IdsAsync("SELECT id FROM runs WHERE due_at <= @now ORDER BY due_at LIMIT @limit", new { now = now.ToUnixTimeMilliseconds(), limit }, cancellationToken);

    private static List<TraceEntry> Fitting(IEnumerable<TraceRow> rows, int bytes)
    {
        var entries = new List<TraceEntry>();
        foreach (var row in rows)
        {
            bytes -= row.data.Length;
            if (bytes < 0 && entries.Count > 0)
            {
                break;
            }

            entries.Add(row.ToEntry());
        }

        return entries;
    }

    private static void Insert(SqliteConnection connection, SqliteTransaction transaction, NewRun run)
    {
        connection.Execute(
            "INSERT INTO workflow_definitions (hash, body) VALUES (@DefinitionHash, @body) ON CONFLICT DO NOTHING",
            new { run.DefinitionHash, body = WorkflowJson.Write(run.Definition).GetRawText() },
            transaction);
        connection.Execute(
            """
            INSERT INTO runs (id, workflow_id, workflow_version, definition_hash, submitter, idempotency_key, request_hash, status, version, epoch, state, trace_length, trace_head, due_at)
            VALUES (@id, @workflowId, @workflowVersion, @DefinitionHash, @submitter, @IdempotencyKey, @RequestHash, @status, 1, 0, @state, @length, @head, @due)
            """,
            new
            {
                id = run.State.RunId.Value,
                workflowId = run.Definition.Id,
                workflowVersion = run.Definition.Version,
                run.DefinitionHash,
                submitter = run.State.Submitter,
                run.IdempotencyKey,
                run.RequestHash,
                status = StatusName(run.State.Status),
                state = Serialize(run.State),
                length = run.Trace.Count,
                head = run.Trace[^1].Hash,
                due = run.State.DueAt?.ToUnixTimeMilliseconds(),
            },
            transaction);
        Append(connection, transaction, run.State.RunId, run.Trace);
    }

    private static void Append(SqliteConnection connection, SqliteTransaction transaction, RunId id, IReadOnlyList<TraceEntry> entries)
    {
        foreach (var e in entries)
        {
            connection.Execute(
                "INSERT INTO trace (run_id, seq, at, kind, data, prev, hash) VALUES (@id, @Seq, @at, @Kind, @data, @Prev, @Hash)",
                new { id = id.Value, e.Seq, at = TraceChain.Timestamp(e.At), e.Kind, data = e.Data.GetRawText(), e.Prev, e.Hash },
                transaction);
        }
    }

    private Task<IReadOnlyList<RunId>> IdsAsync(string sql, object parameters, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<RunId>>(
        connection => [.. connection.Query<string>(sql, parameters).Select(Id)],
        cancellationToken);

    private static RunId Id(string text) => RunId.TryParse(text, out var id) ? id : throw new StoreUnavailableException($"The database holds a run with the malformed id '{text}'.");

    private static string StatusName(RunStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    private static string Serialize(RunState state) => JsonSerializer.Serialize(state, ActorsJson.Options);

    // Dapper fills these by column name.
    private sealed record Row(string id, string workflow_id, string workflow_version, string definition_hash, string request_hash, long version, long epoch, string state, long trace_length, string trace_head)
    {
        public StoredRun ToRun() => new(
            JsonSerializer.Deserialize<RunState>(state, ActorsJson.Options)!, workflow_id, workflow_version, definition_hash, version, epoch, trace_length, trace_head);
    }

    private sealed record TraceRow(long seq, string at, string kind, string data, string prev, string hash)
    {
        public TraceEntry ToEntry() => new(
            seq,
            DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal),
            kind,
            JsonElement.Parse(data),
            prev,
            hash);
    }
}
