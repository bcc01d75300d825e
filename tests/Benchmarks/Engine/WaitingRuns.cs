using System.Text.Json.Nodes;
using Actors.Testing;
using Npgsql;

namespace Actors.Benchmarks.Engine;

/// <summary>What a silo costs while many runs wait for something far away.</summary>
internal static class WaitingRuns
{
    // A run that waits is a row that nobody owns and that is due later.
    private const string Fill =
        """
        INSERT INTO runs (id, submitter, workflow_id, workflow_version, definition_hash, format, priority, status, queued, version, epoch, owner, due_at, strikes, commands, created_at, trace_length, trace_head, state)
        SELECT 'run-' || lpad(n::text, 26, '0'), 'waiting', 'three-steps', '1', 'none', 1, 0, 'running', false, 3, 1, NULL, db_now() + 86400000 + n, 0, 0, db_now(), 3, repeat('0', 64), repeat('x', 300)
        FROM generate_series(1, @count) AS n
        """;

    public static async Task<JsonObject> MeasureAsync(PostgresServer server, int count, int seconds, Targets targets, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"  {count} waiting runs");
        var database = await server.CreateDatabaseAsync();
        await using var silo = await BenchSilo.StartAsync(database, null, new InstantRunner(), 1);
        await using (var connection = new NpgsqlConnection(database + ";Pooling=false"))
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Fill, connection) { CommandTimeout = 300 };
            command.Parameters.AddWithValue("count", count);
            await command.ExecuteNonQueryAsync(cancellationToken);
            command.CommandText = "ANALYZE runs";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, cancellationToken);
        GC.Collect();
        var before = Environment.CpuUsage.TotalTime;
        var start = TimeProvider.System.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, cancellationToken);
        var cpu = (Environment.CpuUsage.TotalTime - before) / TimeProvider.System.GetElapsedTime(start) * 100;
        var resident = Machine.ResidentBytes() / (1024.0 * 1024);
        targets.AtMost("100,000 waiting runs: resident MiB", resident, 1024);
        targets.AtMost("100,000 waiting runs: idle CPU %", cpu, 5);
        return new JsonObject
        {
            ["runs"] = count,
            ["resident_mib"] = Math.Round(resident, 1),
            ["managed_mib"] = Math.Round(GC.GetTotalMemory(forceFullCollection: true) / (1024.0 * 1024), 1),
            ["idle_cpu_percent"] = Math.Round(cpu, 2),
            ["seconds"] = seconds,
        };
    }
}
