using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Microsoft.Data.Sqlite;

namespace Actors.Grains.Store.Sqlite;

/// <summary>Writes batches row by row with prepared statements: inside the process that is as fast as one large statement.</summary>
internal sealed class SqliteBatch(SqliteConnection connection) : IDisposable
{
    private const string Fence = "id = @id AND epoch = @epoch AND version = @version AND owner = @owner AND commands = @commands";

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    public IReadOnlySet<StoreWrite> Write(WriteBatch batch, SqliteTransaction transaction)
    {
        var held = new HashSet<StoreWrite>();
        foreach (var insert in batch.Inserts.Where(i => Insert(i, transaction)))
        {
            held.Add(insert);
        }

        foreach (var commit in batch.Commits.Where(c => c.IsDone ? Finish(c, transaction) : Change(c, transaction)))
        {
            held.Add(commit);
        }

        return held;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
        {
            command.Dispose();
        }
    }

    private bool Insert(InsertWrite write, SqliteTransaction transaction)
    {
        var run = write.Run;
        var id = write.Id.Value;
        if (run.Owner is { } owner && Run(transaction, "UPDATE silos SET heartbeat_at = heartbeat_at WHERE id = @id", ("@id", owner.ToString())) == 0)
        {
            return false;
        }

        if (run.IdempotencyKey is not null && Run(
            transaction,
            "INSERT INTO idempotency_keys (submitter, idempotency_key, run_id, request_hash) VALUES (@submitter, @key, @id, @request) ON CONFLICT DO NOTHING",
            ("@submitter", run.State.Submitter), ("@key", run.IdempotencyKey), ("@id", id), ("@request", run.RequestHash)) == 0)
        {
            return false;
        }

        var inserted = Run(
            transaction,
            """
            INSERT INTO runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, format, priority, status, queued, version, epoch, owner, due_at, strikes, commands, created_at,
              trace_length, trace_head, state, deadline)
            VALUES (@id, @submitter, @workflow, @workflowVersion, @definition, @key, @format, @priority, @status, @owner IS NULL, 1, @owned, @owner, @due, @owned, 0, db_now(), @length, @head, @state, @deadline)
            ON CONFLICT DO NOTHING
            """,
            ("@id", id), ("@submitter", run.State.Submitter), ("@workflow", run.Definition.Id), ("@workflowVersion", run.Definition.Version), ("@definition", run.DefinitionHash),
            ("@key", run.IdempotencyKey), ("@format", run.Format), ("@priority", run.Priority), ("@status", RowText.Status(run.State.Status)), ("@owner", run.Owner?.ToString()),
            ("@owned", run.Owner is null ? 0 : 1), ("@due", run.Owner is null ? run.State.DueAt?.ToUnixTimeMilliseconds() : null), ("@length", run.Trace.Count), ("@head", run.Trace[^1].Hash),
            ("@state", write.State), ("@deadline", run.State.Deadline.ToUnixTimeMilliseconds()));
        if (inserted == 0)
        {
            return false;
        }

        if (Run(transaction, "INSERT INTO workflow_definitions (hash, body) SELECT @hash, '' WHERE NOT EXISTS (SELECT 1 FROM workflow_definitions WHERE hash = @hash)", ("@hash", run.DefinitionHash)) == 1)
        {
            Run(transaction, "UPDATE workflow_definitions SET body = @body WHERE hash = @hash", ("@hash", run.DefinitionHash), ("@body", WorkflowJson.Write(run.Definition).GetRawText()));
        }

        Append(write, transaction);
        return true;
    }

    private bool Change(CommitWrite write, SqliteTransaction transaction)
    {
        var commit = write.Commit;
        foreach (var consumed in commit.Consumed)
        {
            Run(transaction, "DELETE FROM inbox WHERE id = @inbox AND EXISTS (SELECT 1 FROM runs WHERE " + Fence + " AND inbox.run_id = @id)", [("@inbox", consumed), .. Fenced(write)]);
        }

        var changed = Run(
            transaction,
            $"""
            UPDATE runs SET status = @status, state = @state, version = version + 1, trace_length = trace_length + @count, trace_head = @head,
              strikes = CASE WHEN @progress THEN 0 ELSE strikes END, owner = CASE WHEN @release THEN NULL ELSE owner END,
              due_at = CASE WHEN NOT @release THEN NULL WHEN EXISTS (SELECT 1 FROM inbox WHERE run_id = @id) THEN db_now() ELSE coalesce(@due, db_now()) END
            WHERE {Fence}
            """,
            [("@status", RowText.Status(commit.State.Status)), ("@state", write.State), ("@count", write.Trace.Count), ("@head", write.Head), ("@progress", commit.Progress),
                ("@release", commit.Release), ("@due", commit.State.DueAt?.ToUnixTimeMilliseconds()), .. Fenced(write)]);
        if (changed == 1)
        {
            Append(write, transaction);
        }

        return changed == 1;
    }

    private bool Finish(CommitWrite write, SqliteTransaction transaction)
    {
        var moved = Run(
            transaction,
            $"""
            INSERT INTO finished_runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, version, epoch, commands, ended_at, trace_length, trace_head, state)
            SELECT id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, version + 1, epoch, commands, coalesce(@ended, db_now()), trace_length + @count, @head, @state
            FROM runs WHERE {Fence}
            """,
            [("@ended", write.Commit.State.EndedAt?.ToUnixTimeMilliseconds()), ("@count", write.Trace.Count), ("@head", write.Head), ("@state", write.State), .. Fenced(write)]);
        if (moved == 0)
        {
            return false;
        }

        var id = ("@id", (object?)write.Id.Value);
        Run(transaction, "DELETE FROM runs WHERE id = @id", id);
        Run(transaction, "DELETE FROM run_values WHERE run_id = @id", id);
        Run(transaction, "DELETE FROM inbox WHERE run_id = @id", id);
        Append(write, transaction);
        return true;
    }

    private void Append(StoreWrite write, SqliteTransaction transaction)
    {
        foreach (var e in write.Trace)
        {
            Run(
                transaction,
                "INSERT INTO trace (run_id, seq, at, kind, data, prev, hash) VALUES (@id, @seq, @at, @kind, @data, @prev, @hash)",
                ("@id", write.Id.Value), ("@seq", e.Seq), ("@at", e.At.ToUnixTimeMilliseconds()), ("@kind", e.Kind), ("@data", e.Data.GetRawText()), ("@prev", e.Prev), ("@hash", e.Hash));
        }

        foreach (var (name, body) in write.Values)
        {
            Run(
                transaction,
                "INSERT INTO run_values (run_id, name, body) VALUES (@id, @name, @body) ON CONFLICT (run_id, name) DO UPDATE SET body = excluded.body",
                ("@id", write.Id.Value), ("@name", name), ("@body", body));
        }
    }

    private static (string, object?)[] Fenced(CommitWrite write)
    {
        var before = write.Commit.Before;
        return [("@id", write.Id.Value), ("@epoch", before.Epoch), ("@version", before.Version), ("@owner", write.Commit.Silo.ToString()), ("@commands", before.Commands)];
    }

    private int Run(SqliteTransaction transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in parameters)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            }

            _commands.Add(sql, command);
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        }

        command.Transaction = transaction;
        return command.ExecuteNonQuery();
    }
}
