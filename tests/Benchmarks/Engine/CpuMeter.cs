using System.Text.Json.Nodes;
using Actors.Testing;

namespace Actors.Benchmarks.Engine;

/// <summary>CPU time since it was made, of this process and of the server: less moved by what else the machine does than the clock on the wall.</summary>
internal sealed class CpuMeter(PostgresServer? server)
{
    private readonly TimeSpan _own = Environment.CpuUsage.TotalTime;
    private readonly TimeSpan _server = Of(server);

    /// <summary>Milliseconds for each of so many runs.</summary>
    public JsonObject PerRun(int runs) => new()
    {
        ["own"] = Math.Round((Environment.CpuUsage.TotalTime - _own).TotalMilliseconds / Math.Max(1, runs), 3),
        ["server"] = Math.Round((Of(server) - _server).TotalMilliseconds / Math.Max(1, runs), 3),
    };

    private static TimeSpan Of(PostgresServer? server) => server?.ProcessId is { } id ? Machine.CpuOfTree(id) : TimeSpan.Zero;
}
