using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Benchmarks.Verification;

/// <summary>What the gate costs: verification with the bundle in hand, and whole decisions beside the registry's part in them.</summary>
internal sealed class VerificationBenchmark : IBenchmark
{
    private const int WarmUp = 100;
    private const int Least = 50;
    private const double MostMilliseconds = 10;

    private static readonly (string Name, Func<Recipe> Recipe)[] Formats =
    [
        ("key, log v1", () => Recipe.Of(keyless: false, dsse: true, rekor: 1)),
        ("key, log v2 and timestamp", () => Recipe.Of(keyless: false, dsse: true, rekor: 2)),
        ("keyless, log v1", () => Recipe.Of(keyless: true, dsse: true, rekor: 1)),
        ("keyless, log v2 and timestamp", () => Recipe.Of(keyless: true, dsse: true, rekor: 2)),
    ];

    public static string Name => "verification";

    public static string Summary => "bundles in hand per format; decisions per second and median, cold and cached, beside the registry's fetches alone";

    public static async Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var targets = new Targets();
        var bundles = new JsonObject();
        foreach (var (name, recipe) in Formats)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (latencies, cpu) = Verify(recipe(), TimeSpan.FromSeconds(options.Seconds / 2.0));
            var row = DecisionLoad.Json(latencies);
            row["processor_time_each"] = Math.Round(cpu.TotalMilliseconds / latencies.Count, 3);
            bundles[name] = row;
            targets.AtMost($"{name}: median ms", latencies.At(0.5), MostMilliseconds);
        }

        await using var load = await DecisionLoad.StartAsync();
        var decisions = await load.RunAsync(TimeSpan.FromSeconds(options.Seconds), cancellationToken);
        return targets.Into(new JsonObject
        {
            ["benchmark"] = Name,
            ["bundle_in_hand_ms"] = bundles,
            ["decisions"] = decisions,
        });
    }

    // From the bundle's bytes to the verdict, on one thread; the trusted root is read once, as a policy does.
    private static (Latencies Latencies, TimeSpan Processor) Verify(Recipe recipe, TimeSpan time)
    {
        var fixture = recipe.Build();
        var demands = Demands.For(recipe, fixture);
        var artifact = ArtifactDigest.OfBytes(fixture.Artifact);
        var latencies = new Latencies();
        for (var i = 0; i < WarmUp; i++)
        {
            BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), artifact, demands);
        }

        // Beside the time on the clock: what other processes of a busy machine do not add to.
        var processor = Environment.CpuUsage.TotalTime;
        var begin = TimeProvider.System.GetTimestamp();
        while (latencies.Count < Least || TimeProvider.System.GetElapsedTime(begin) < time)
        {
            var start = TimeProvider.System.GetTimestamp();
            BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), artifact, demands);
            latencies.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
        }

        return (latencies, Environment.CpuUsage.TotalTime - processor);
    }
}
