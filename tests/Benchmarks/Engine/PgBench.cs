using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Actors.Testing;

namespace Actors.Benchmarks.Engine;

/// <summary>PostgreSQL's own benchmark with one insert per transaction: what this machine's disk and server give at most.</summary>
internal static partial class PgBench
{
    private const string Root = "/usr/lib/postgresql";

    /// <summary>Inserts per second with 32 clients.</summary>
    public static async Task<double> InsertsPerSecondAsync(PostgresServer server, int seconds)
    {
        await server.ExecuteAsync("CREATE TABLE IF NOT EXISTS bench_insert (id bigserial PRIMARY KEY, body text NOT NULL)");
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, "INSERT INTO bench_insert (body) VALUES (repeat('x', 200));\n");
        var program = Directory.GetDirectories(Root).Select(d => Path.Combine(d, "bin", "pgbench")).Where(File.Exists).Order(StringComparer.Ordinal).Last();
        string[] arguments = ["-n", "-c", "32", "-j", "2", "-M", "prepared", "-T", seconds.ToString(CultureInfo.InvariantCulture), "-f", script, "-h", "127.0.0.1", "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-U", PostgresServer.User, "postgres"];
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PGPASSWORD"] = server.Password;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        File.Delete(script);
        var match = Tps().Match(output);
        return match.Success
            ? Math.Round(double.Parse(match.Groups["tps"].Value, CultureInfo.InvariantCulture), 1)
            : throw new InvalidOperationException($"pgbench failed: {await errors}");
    }

    [GeneratedRegex(@"tps = (?<tps>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tps();
}
