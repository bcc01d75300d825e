using System.Text.Json.Nodes;

namespace Actors.Benchmarks;

/// <summary>One benchmark of <c>eng/bench.sh</c>.</summary>
internal interface IBenchmark
{
    /// <summary>Name on the command line.</summary>
    static abstract string Name { get; }

    /// <summary>One line for <c>--help</c>.</summary>
    static abstract string Summary { get; }

    /// <summary>Measures. Progress goes to standard error; the result is the JSON on standard output, with <c>passed</c> and one entry per target.</summary>
    static abstract Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken);
}

/// <summary>What every benchmark understands.</summary>
/// <param name="Seconds">How long each measurement lasts.</param>
internal sealed record BenchmarkOptions(int Seconds);
