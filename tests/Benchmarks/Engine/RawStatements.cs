using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Npgsql;
using NpgsqlTypes;

namespace Actors.Benchmarks.Engine;

/// <summary>What one run writes, as rows: recorded from the engine once, then written again and again by plain Npgsql.</summary>
internal sealed class RawStatements(string connectionString, RecordingStore recorded)
{
    private const string Insert =
        """
        INSERT INTO runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, format, priority, status, queued, version, epoch, owner, due_at, strikes, commands,
          created_at, trace_length, trace_head, state)
        SELECT u.id, 'raw', 'three-steps', '1', 'raw', NULL, 1, 0, u.status, false, 1, 1, 'raw', NULL, 1, 0, db_now(), u.length, u.head, u.state
        FROM unnest($1, $2, $3, $4, $5) AS u(id, status, length, head, state)
        """;

    private const string Update =
        """
        UPDATE runs r SET status = u.status, version = r.version + 1, strikes = 0, trace_length = u.length, trace_head = u.head, state = u.state
        FROM unnest($1, $2, $3, $4, $5, $6) AS u(id, status, length, head, state, version)
        WHERE r.id = u.id AND r.version = u.version AND r.epoch = 1 AND r.owner = 'raw' AND r.commands = 0
        RETURNING r.id
        """;

    private const string Delete = "DELETE FROM runs r USING unnest($1, $2) AS u(id, version) WHERE r.id = u.id AND r.version = u.version AND r.epoch = 1 AND r.owner = 'raw' AND r.commands = 0";

    private const string Finish =
        """
        INSERT INTO finished_runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, version, epoch, commands, ended_at, trace_length, trace_head, state)
        SELECT u.id, 'raw', 'three-steps', '1', 'raw', NULL, 9, 1, 0, db_now(), u.length, u.head, u.state FROM unnest($1, $2, $3, $4) AS u(id, length, head, state)
        """;

    private const string Trace = "INSERT INTO trace (run_id, seq, at, kind, data, prev, hash) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)";

    private readonly List<Transition> _transitions = Transitions(recorded);

    /// <summary>Transitions of one run, its insert included.</summary>
    public int Count => _transitions.Count;

    /// <summary>Runs per second.</summary>
    /// <param name="lanes">Connections, each with one transaction at a time.</param>
    /// <param name="together">Runs whose transitions share a transaction.</param>
    public async Task<double> MeasureAsync(int lanes, int together, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + $";Max Auto Prepare=20;Auto Prepare Min Usages=2;Maximum Pool Size={lanes}");
        var start = TimeProvider.System.GetTimestamp();
        var runs = await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(() => LaneAsync(source, together, start, duration, cancellationToken), cancellationToken)));
        return Math.Round(runs.Sum() / TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1);
    }

    private async Task<int> LaneAsync(NpgsqlDataSource source, int together, long start, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var runs = 0;
        while (TimeProvider.System.GetElapsedTime(start) < duration)
        {
            var ids = Enumerable.Range(0, together).Select(_ => RunId.New(TimeProvider.System.GetUtcNow()).Value).ToArray();
            for (var number = 0; number < _transitions.Count; number++)
            {
                await WriteAsync(connection, ids, number, cancellationToken);
            }

            runs += together;
        }

        return runs;
    }

    private async Task WriteAsync(NpgsqlConnection connection, string[] ids, int number, CancellationToken cancellationToken)
    {
        var transition = _transitions[number];
        await using var batch = new NpgsqlBatch(connection);
        var statuses = Repeat(transition.Status, ids.Length);
        var lengths = Repeat(transition.Length, ids.Length);
        var heads = Repeat(transition.Head, ids.Length);
        var states = Repeat(transition.State, ids.Length);
        var versions = Repeat((long)number, ids.Length);
        if (number == 0)
        {
            Add(batch, Insert, ids, statuses, lengths, heads, states);
        }
        else if (number < _transitions.Count - 1)
        {
            Add(batch, Update, ids, statuses, lengths, heads, states, versions);
        }
        else
        {
            Add(batch, Delete, ids, versions);
            Add(batch, Finish, ids, lengths, heads, states);
        }

        var entries = ids.SelectMany(id => transition.Entries.Select(e => (Id: id, Entry: e))).ToList();
        Add(
            batch,
            Trace,
            entries.ConvertAll(e => e.Id).ToArray(),
            entries.ConvertAll(e => e.Entry.Seq).ToArray(),
            entries.ConvertAll(e => e.Entry.At.ToUnixTimeMilliseconds()).ToArray(),
            entries.ConvertAll(e => e.Entry.Kind).ToArray(),
            entries.ConvertAll(e => e.Entry.Data.GetRawText()).ToArray(),
            entries.ConvertAll(e => e.Entry.Prev).ToArray(),
            entries.ConvertAll(e => e.Entry.Hash).ToArray());
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add(NpgsqlBatch batch, string sql, params Array[] columns)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var column in columns)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = column, NpgsqlDbType = NpgsqlDbType.Array | (column is long[] ? NpgsqlDbType.Bigint : NpgsqlDbType.Text) });
        }

        batch.BatchCommands.Add(command);
    }

    private static T[] Repeat<T>(T value, int count) => [.. Enumerable.Repeat(value, count)];

    private static List<Transition> Transitions(RecordingStore recorded)
    {
        var inserted = recorded.Inserted!;
        return
        [
            Of(inserted.State, inserted.Trace),
            .. recorded.Commits.Where(c => c.State.RunId == inserted.State.RunId).Select(c => Of(c.State, c.Trace)),
        ];
    }

    private static Transition Of(RunState state, IReadOnlyList<TraceEntry> trace) =>
        new(state.Status.ToString(), trace[^1].Seq, trace[^1].Hash, JsonSerializer.Serialize(state, ActorsJson.Options), trace);

    private sealed record Transition(string Status, long Length, string Head, string State, IReadOnlyList<TraceEntry> Entries);
}
