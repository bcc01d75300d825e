using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Benchmarks;
using Actors.Benchmarks.Engine;
using Actors.Benchmarks.Takeover;
using Actors.Benchmarks.Verification;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

var benchmarks = new Dictionary<string, (string Summary, Func<BenchmarkOptions, CancellationToken, Task<JsonObject>> RunAsync)>(StringComparer.Ordinal)
{
    [EngineBenchmark.Name] = (EngineBenchmark.Summary, EngineBenchmark.RunAsync),
    [TakeoverBenchmark.Name] = (TakeoverBenchmark.Summary, TakeoverBenchmark.RunAsync),
    [VerificationBenchmark.Name] = (VerificationBenchmark.Summary, VerificationBenchmark.RunAsync),
};

if (args is [] or ["--help" or "-h", ..])
{
    Console.Error.WriteLine("usage: eng/bench.sh NAME [--seconds N]\n\nPrints JSON on standard output, progress on standard error; exit code 1 when a target is missed.\n");
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

var seconds = 10;
if (args is [_, "--seconds", var text, ..] && !(int.TryParse(text, CultureInfo.InvariantCulture, out seconds) && seconds > 0))
{
    Console.Error.WriteLine("--seconds takes a whole number above 0.");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
var result = await chosen.RunAsync(new BenchmarkOptions(seconds), stop.Token);
result["machine"] = Machine.Facts();
Console.WriteLine(result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
return result["passed"]?.GetValue<bool>() == true ? 0 : 1;
