using System.Globalization;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Npgsql;

namespace Actors.Chaos.Checker;

/// <summary>Reads runs, traces and the noted changes from the database.</summary>
internal static class HistoryReader
{
    /// <summary>Notes changes from now on.</summary>
    public static async Task InstallAsync(NpgsqlConnection connection)
    {
        await using var stream = typeof(HistoryReader).Assembly.GetManifestResourceStream("Actors.Chaos.Checker.audit.sql")!;
        using var reader = new StreamReader(stream);
        await using var command = new NpgsqlCommand(await reader.ReadToEndAsync(), connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<IReadOnlyDictionary<string, RunRecord>> ReadAsync(NpgsqlConnection connection)
    {
        var changes = await ChangesAsync(connection);
        var traces = await TracesAsync(connection);
        var commands = await CommandsAsync(connection);
        var runs = new Dictionary<string, RunRecord>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(
            """
            SELECT r.id, r.workflow_id, r.trace_length, r.done, k.idempotency_key FROM (
              SELECT id, workflow_id, trace_length, false AS done FROM runs
              UNION ALL SELECT id, workflow_id, trace_length, true FROM finished_runs) r
            LEFT JOIN idempotency_keys k ON k.run_id = r.id
            """,
            connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var id = reader.GetString(0);
            var run = new RunRecord(
                id,
                reader.GetString(1),
                await reader.IsDBNullAsync(4) ? null : reader.GetString(4),
                reader.GetBoolean(3),
                Convert.ToInt64(reader.GetValue(2), CultureInfo.InvariantCulture),
                traces.GetValueOrDefault(id, []),
                changes.GetValueOrDefault(id, [])) { Commands = [.. commands[id]] };
            if (!runs.TryAdd(id, run))
            {
                throw new InvalidOperationException($"{id} is in runs and in finished_runs");
            }
        }

        return runs;
    }

    /// <summary>How many runs are not done.</summary>
    public static async Task<long> UnfinishedAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM runs", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<ILookup<string, PostedCommand>> CommandsAsync(NpgsqlConnection connection)
    {
        var commands = new List<(string Run, PostedCommand Command)>();
        await using var command = new NpgsqlCommand("SELECT run_id, kind, number FROM chaos_commands ORDER BY seq", connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            commands.Add((reader.GetString(0), new PostedCommand(reader.GetString(1), reader.GetInt64(2))));
        }

        return commands.ToLookup(c => c.Run, c => c.Command, StringComparer.Ordinal);
    }

    private static async Task<Dictionary<string, List<TraceEntry>>> TracesAsync(NpgsqlConnection connection)
    {
        var traces = new Dictionary<string, List<TraceEntry>>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand("SELECT run_id, seq, at, kind, data, prev, hash FROM trace ORDER BY run_id, seq", connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var id = reader.GetString(0);
            if (!traces.TryGetValue(id, out var entries))
            {
                traces.Add(id, entries = []);
            }

            entries.Add(new TraceEntry(
                Convert.ToInt64(reader.GetValue(1), CultureInfo.InvariantCulture),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)),
                reader.GetString(3),
                JsonElement.Parse(reader.GetString(4)),
                reader.GetString(5),
                reader.GetString(6)));
        }

        return traces;
    }

    private static async Task<Dictionary<string, List<RowChange>>> ChangesAsync(NpgsqlConnection connection)
    {
        var changes = new Dictionary<string, List<RowChange>>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(
            """
            SELECT seq, at, client, change->>'id', (change->>'version')::bigint, (change->>'epoch')::bigint, change->>'owner',
                   coalesce((change->>'commands')::bigint, 0), (change->>'trace_length')::bigint
            FROM chaos_history ORDER BY seq
            """,
            connection) { CommandTimeout = 300 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var id = reader.GetString(3);
            if (!changes.TryGetValue(id, out var list))
            {
                changes.Add(id, list = []);
            }

            var client = await reader.IsDBNullAsync(2) ? null : reader.GetString(2);
            var owner = await reader.IsDBNullAsync(6) ? null : reader.GetString(6);
            var before = list.LastOrDefault();
            list.Add(new RowChange(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(4), reader.GetInt64(5), owner, reader.GetInt64(7), reader.GetInt64(8), client,
                owner is null ? null : owner == before?.Owner ? before.OwnerClient : client));
        }

        return changes;
    }
}
