using System.Collections.Concurrent;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>Writes a batch with at most three statements in one round trip, which the server takes as one transaction: arrays in, the ordinals of those whose fence held out.</summary>
internal sealed class PostgresBatch
{
    private readonly ConcurrentDictionary<string, bool> _definitions = new(StringComparer.Ordinal);

    public async Task<IReadOnlySet<StoreWrite>> WriteAsync(NpgsqlConnection connection, WriteBatch batch, CancellationToken cancellationToken)
    {
        await using var commands = new NpgsqlBatch(connection);
        var definitions = batch.Inserts.Where(i => !_definitions.ContainsKey(i.Run.DefinitionHash)).DistinctBy(i => i.Run.DefinitionHash).OrderBy(i => i.Run.DefinitionHash, StringComparer.Ordinal).ToList();
        if (definitions.Count > 0)
        {
            var command = new NpgsqlBatchCommand("INSERT INTO workflow_definitions (hash, body) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING");
            command.Parameters.Add(Array(definitions, d => d.Run.DefinitionHash));
            command.Parameters.Add(Array(definitions, d => WorkflowJson.Write(d.Run.Definition).GetRawText()));
            commands.BatchCommands.Add(command);
        }

        if (batch.Inserts.Count > 0)
        {
            commands.BatchCommands.Add(Insert(batch.Inserts));
        }

        if (batch.Commits.Count > 0)
        {
            commands.BatchCommands.Add(Commit(batch.Commits));
        }

        var held = await ReadAsync(commands, batch, cancellationToken);
        foreach (var definition in definitions)
        {
            _definitions.TryAdd(definition.Run.DefinitionHash, true);
        }

        return held;
    }

    /// <summary>What was stored may be gone.</summary>
    public void Forget() => _definitions.Clear();

    private static async Task<IReadOnlySet<StoreWrite>> ReadAsync(NpgsqlBatch commands, WriteBatch batch, CancellationToken cancellationToken)
    {
        var held = new HashSet<StoreWrite>();
        await using var reader = await commands.ExecuteReaderAsync(cancellationToken);
        if (batch.Inserts.Count > 0)
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var id = reader.GetString(0);
                held.Add(batch.Inserts.First(i => i.Id.Value == id));
            }

            await reader.NextResultAsync(cancellationToken);
        }

        if (batch.Commits.Count > 0)
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                held.Add(batch.Commits[(int)reader.GetInt64(0)]);
            }

            await reader.NextResultAsync(cancellationToken);
        }

        return held;
    }

    private static NpgsqlBatchCommand Insert(List<InsertWrite> writes)
    {
        var hasValues = writes.Exists(w => w.Values.Count > 0);
        var command = new NpgsqlBatchCommand(PostgresStatements.Insert(hasValues));
        var p = command.Parameters;
        p.Add(Array(writes, w => w.Id.Value));
        p.Add(Array(writes, w => w.Run.State.Submitter));
        p.Add(Array(writes, w => w.Run.Definition.Id));
        p.Add(Array(writes, w => w.Run.Definition.Version));
        p.Add(Array(writes, w => w.Run.DefinitionHash));
        p.Add(Array(writes, w => w.Run.IdempotencyKey));
        p.Add(Array(writes, w => w.Run.RequestHash));
        p.Add(Array(writes, w => (long?)w.Run.Format));
        p.Add(Array(writes, w => (long?)w.Run.Priority));
        p.Add(Array(writes, w => RowText.Status(w.Run.State.Status)));
        p.Add(Array(writes, w => w.Run.Owner?.ToString()));
        p.Add(Array(writes, w => w.Run.Owner is null ? w.Run.State.DueAt?.ToUnixTimeMilliseconds() : null));
        p.Add(Array(writes, w => w.Trace[^1].Hash));
        p.Add(Array(writes, w => (long?)w.Trace.Count));
        p.Add(Array(writes, w => w.State));
        p.Add(Array(writes, w => (long?)w.Run.State.Deadline.ToUnixTimeMilliseconds()));
        p.Add(Array(writes.Where(w => w.Run.Owner is not null).DistinctBy(w => w.Run.Owner), w => w.Run.Owner.ToString()));
        AddTrace(p, writes);
        AddValues(p, writes, hasValues);
        return command;
    }

    private static NpgsqlBatchCommand Commit(List<CommitWrite> writes)
    {
        var hasValues = writes.Exists(w => w.Values.Count > 0);
        var consumed = writes.SelectMany((w, n) => w.Commit.Consumed.Select(c => (N: (long)n, Id: c))).ToList();
        var hasDone = writes.Exists(w => w.IsDone);
        var command = new NpgsqlBatchCommand(PostgresStatements.Commit(hasDone, hasValues, consumed.Count > 0));
        var p = command.Parameters;
        p.Add(Array(writes, w => w.Id.Value));
        p.Add(Array(writes, w => w.Commit.Silo.ToString()));
        p.Add(Array(writes, w => (long?)w.Commit.Before.Epoch));
        p.Add(Array(writes, w => (long?)w.Commit.Before.Version));
        p.Add(Array(writes, w => (long?)w.Commit.Before.Commands));
        p.Add(Array(writes, w => RowText.Status(w.Commit.State.Status)));
        p.Add(Array(writes, w => w.State));
        p.Add(Array(writes, w => (long?)w.Trace.Count));
        p.Add(Array(writes, w => w.Head));
        p.Add(Array(writes, w => w.IsDone ? w.Commit.State.EndedAt?.ToUnixTimeMilliseconds() : w.Commit.State.DueAt?.ToUnixTimeMilliseconds()));
        p.Add(Array(writes, w => w.Commit.Release));
        p.Add(Array(writes, w => w.Commit.Progress));
        p.Add(Array(writes, w => w.IsDone));
        AddTrace(p, writes);
        AddValues(p, writes, hasValues);
        if (consumed.Count > 0)
        {
            p.Add(Array(consumed, c => (long?)c.N));
            p.Add(Array(consumed, c => (long?)c.Id));
        }

        return command;
    }

    private static void AddTrace(NpgsqlParameterCollection p, IReadOnlyList<StoreWrite> writes)
    {
        var entries = writes.SelectMany((w, n) => w.Trace.Select(e => (N: (long)n, Entry: e))).ToList();
        p.Add(Array(entries, e => (long?)e.N));
        p.Add(Array(entries, e => (long?)e.Entry.Seq));
        p.Add(Array(entries, e => (long?)e.Entry.At.ToUnixTimeMilliseconds()));
        p.Add(Array(entries, e => e.Entry.Kind));
        p.Add(Array(entries, e => e.Entry.Data.GetRawText()));
        p.Add(Array(entries, e => e.Entry.Prev));
        p.Add(Array(entries, e => e.Entry.Hash));
    }

    private static void AddValues(NpgsqlParameterCollection p, IReadOnlyList<StoreWrite> writes, bool any)
    {
        if (any)
        {
            var values = writes.SelectMany((w, n) => w.Values.Select(v => (N: (long)n, Value: v))).ToList();
            p.Add(Array(values, v => (long?)v.N));
            p.Add(Array(values, v => v.Value.Name));
            p.Add(Array(values, v => v.Value.Body));
        }
    }

    private static NpgsqlParameter<string?[]> Array<T>(IEnumerable<T> items, Func<T, string?> value) => new() { TypedValue = [.. items.Select(value)] };

    private static NpgsqlParameter<long?[]> Array<T>(IEnumerable<T> items, Func<T, long?> value) => new() { TypedValue = [.. items.Select(value)] };

    private static NpgsqlParameter<bool[]> Array<T>(IEnumerable<T> items, Func<T, bool> value) => new() { TypedValue = [.. items.Select(value)] };
}
