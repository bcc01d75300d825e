using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Store.Postgres;
using Actors.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Actors.Benchmarks.Engine;

/// <summary>What one run writes: recorded from the engine once, then written again and again by plain Npgsql with the engine's own statements.</summary>
internal sealed class RawStatements(PostgresServer server, string connectionString, RecordingStore recorded)
{
    private const string Owner = "00000000-0000-0000-0000-000000000000";
    private readonly List<Transition> _transitions = Transitions(recorded);

    /// <summary>Transitions of one run, its insert included.</summary>
    public int Count => _transitions.Count;

    /// <summary>Runs per second, and CPU time for each.</summary>
    /// <param name="lanes">Connections, each with one transaction at a time.</param>
    /// <param name="together">Runs whose transitions share a transaction.</param>
    public async Task<(double RunsPerSecond, JsonObject CpuPerRun)> MeasureAsync(int lanes, int together, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + $";Max Auto Prepare=20;Auto Prepare Min Usages=2;Maximum Pool Size={lanes}");
        await using (var member = source.CreateCommand($"INSERT INTO silos (id, name, version, format, started_at, heartbeat_at) VALUES ('{Owner}', 'raw', '1', 1, 0, db_now() + 86400000) ON CONFLICT DO NOTHING"))
        {
            await member.ExecuteNonQueryAsync(cancellationToken);
        }

        var cpu = new CpuMeter(server);
        var start = TimeProvider.System.GetTimestamp();
        var runs = await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(() => LaneAsync(source, together, start, duration, cancellationToken), cancellationToken)));
        return (Math.Round(runs.Sum() / TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1), cpu.PerRun(runs.Sum()));
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
        var isLast = number == _transitions.Count - 1;
        await using var command = new NpgsqlCommand(number == 0 ? PostgresStatements.Insert(false) : PostgresStatements.Commit(isLast, false, false), connection);
        object[] columns = number == 0
            ?
            [
                ids, Same("raw"), Same("three-steps"), Same("1"), Same("raw"), Same<string?>(null), Same(""), Same(1L), Same(0L), Same(transition.Status), Same(Owner), Same<long?>(null),
                Same(transition.Head), Same((long)transition.Entries.Count), Same(transition.State),
                Same<long?>(TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds()), new[] { Owner },
            ]
            :
            [
                ids, Same(Owner), Same(1L), Same((long)number), Same(0L), Same(transition.Status), Same(transition.State), Same((long)transition.Entries.Count), Same(transition.Head),
                Same(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), Same(false), Same(true), Same(isLast),
            ];
        var entries = ids.SelectMany((id, n) => transition.Entries.Select(e => (Id: id, N: (long)n, Entry: e))).ToList();
        columns =
        [
            .. columns,
            entries.ConvertAll(e => e.N).ToArray(),
            entries.ConvertAll(e => e.Entry.Seq).ToArray(),
            entries.ConvertAll(e => e.Entry.At.ToUnixTimeMilliseconds()).ToArray(),
            entries.ConvertAll(e => e.Entry.Kind).ToArray(),
            entries.ConvertAll(e => e.Entry.Data.GetRawText()).ToArray(),
            entries.ConvertAll(e => e.Entry.Prev).ToArray(),
            entries.ConvertAll(e => e.Entry.Hash).ToArray(),
        ];
        foreach (var column in columns)
        {
            var type = column switch { bool[] => NpgsqlDbType.Boolean, long[] or long?[] => NpgsqlDbType.Bigint, _ => NpgsqlDbType.Text };
            command.Parameters.Add(new NpgsqlParameter { Value = column, NpgsqlDbType = NpgsqlDbType.Array | type });
        }

        var written = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            written++;
        }

        if (written != ids.Length)
        {
            throw new InvalidOperationException($"{ids.Length - written} of {ids.Length} raw writes were refused at transition {number}");
        }

        T[] Same<T>(T value) => [.. Enumerable.Repeat(value, ids.Length)];
    }

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
        new(RowText.Status(state.Status), trace[^1].Seq, trace[^1].Hash, JsonSerializer.Serialize(state, ActorsJson.Options), trace);

    private sealed record Transition(string Status, long Length, string Head, string State, IReadOnlyList<TraceEntry> Entries);
}
