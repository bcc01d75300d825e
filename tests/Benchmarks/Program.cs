using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Benchmarks;
using Actors.Benchmarks.Engine;
using Actors.Benchmarks.Mcp;
using Actors.Benchmarks.Sandbox;
using Actors.Benchmarks.Takeover;
using Actors.Benchmarks.Verification;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

var benchmarks = new Dictionary<string, (string Summary, Func<BenchmarkOptions, CancellationToken, Task<JsonObject>> RunAsync)>(StringComparer.Ordinal)
{
    [EngineBenchmark.Name] = (EngineBenchmark.Summary, EngineBenchmark.RunAsync),
    [McpBenchmark.Name] = (McpBenchmark.Summary, McpBenchmark.RunAsync),
    [TakeoverBenchmark.Name] = (TakeoverBenchmark.Summary, TakeoverBenchmark.RunAsync),
    [SandboxBenchmark.Name] = (SandboxBenchmark.Summary, SandboxBenchmark.RunAsync),
    [VerificationBenchmark.Name] = (VerificationBenchmark.Summary, VerificationBenchmark.RunAsync),
};

if (args is [BareServer.Command, var port])
{
    await BareServer.RunAsync(port);
    return 0;
}

if (args is [] or ["--help" or "-h", ..])
{
    Console.Error.WriteLine("usage: eng/bench.sh NAME [--seconds N] [--only TEXT]\n\n--only measures the parts whose name contains the text.\nPrints JSON on standard output, progress on standard error; exit code 1 when a target is missed.\n");
    foreach (var (name, benchmark) in benchmarks)
    {
        Console.Error.WriteLine($"  {name,-14} {benchmark.Summary}");
    }

    return args is [] ? 2 : 0;
}

if (!benchmarks.TryGetValue(args[0], out var chosen))
{
    Console.Error.WriteLine($"There is no benchmark '{args[0]}'. Known are: {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

var options = new BenchmarkOptions(10);
for (var i = 1; i < args.Length; i += 2)
{
    switch (args[i..])
    {
        case ["--seconds", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds > 0:
            options = options with { Seconds = seconds };
            break;
        case ["--only", var part, ..]:
            options = options with { Only = part };
            break;
        default:
            Console.Error.WriteLine("Known are --seconds N, a whole number above 0, and --only TEXT.");
            return 2;
    }
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
var result = await chosen.RunAsync(options, stop.Token);
result["machine"] = Machine.Facts();
Console.WriteLine(result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
return result["passed"]?.GetValue<bool>() == true ? 0 : 1;
