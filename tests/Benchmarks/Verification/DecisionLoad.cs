using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Actors.Verification.Tests.Signer;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Benchmarks.Verification;

/// <summary>A docker-registry with an image per caller, each signed (keyless, under the fallback tag), and a gate before it. Callers share no image, as identical checks at the same time are one.</summary>
internal sealed class DecisionLoad : IAsyncDisposable
{
    private const string Name = "examples/tool";
    private const string BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private const int Callers = 4;
    private const int WarmUp = 10;
    private readonly LocalRegistry _registry;
    private readonly IReadOnlyList<TestImage> _images = [.. Enumerable.Range(0, Callers).Select(i => TestImages.Text($"benchmark {i}"))];
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-bench-").FullName;

    private DecisionLoad(LocalRegistry registry) => _registry = registry;

    private OciRepository Repository => new(_registry.Host, Name, insecure: true);

    public static async Task<DecisionLoad> StartAsync()
    {
        var load = new DecisionLoad(await LocalRegistry.StartAsync());
        foreach (var image in load._images)
        {
            await load.PushAsync(image);
        }

        return load;
    }

    /// <summary>Fetches alone, cold and cached decisions take turns, so that a busy machine is equally unkind to each.</summary>
    public async Task<JsonObject> RunAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var client = new OciClient();
        using var cold = Gate(TimeSpan.Zero);
        using var cached = Gate(TimeSpan.FromHours(1));
        var kinds = new (string Name, Func<TestImage, Task> One)[]
        {
            ("registry_fetches_alone", image => FetchAsync(client, image, cancellationToken)),
            ("cold", image => DecideAsync(cold, image, cancellationToken)),
            ("cached", image => DecideAsync(cached, image, cancellationToken)),
        };
        var result = new JsonObject();
        foreach (var (name, one) in kinds)
        {
            for (var i = 0; i < WarmUp; i++)
            {
                await one(_images[i % Callers]);
            }

            result[name] = new JsonObject();
        }

        foreach (var (callers, key) in new[] { (1, "one_caller"), (Callers, $"{Callers}_callers") })
        {
            await MeasureAsync(kinds, callers, key, time, result, cancellationToken);
        }

        return result;
    }

    /// <summary>Count, percentiles in milliseconds.</summary>
    public static JsonObject Json(Latencies latencies) => new()
    {
        ["count"] = latencies.Count,
        ["median"] = latencies.At(0.5),
        ["p95"] = latencies.At(0.95),
        ["worst"] = latencies.At(1),
    };

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task MeasureAsync((string Name, Func<TestImage, Task> One)[] kinds, int callers, string key, TimeSpan time, JsonObject result, CancellationToken cancellationToken)
    {
        const int turns = 5;
        var latencies = kinds.ToDictionary(k => k.Name, _ => new Latencies(), StringComparer.Ordinal);
        var spent = kinds.ToDictionary(k => k.Name, _ => TimeSpan.Zero, StringComparer.Ordinal);
        for (var turn = 0; turn < turns; turn++)
        {
            foreach (var (name, one) in kinds)
            {
                var start = TimeProvider.System.GetTimestamp();
                await Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(() => RepeatAsync(() => one(_images[i]), time / turns, latencies[name], cancellationToken), cancellationToken)));
                spent[name] += TimeProvider.System.GetElapsedTime(start);
            }
        }

        foreach (var (name, _) in kinds)
        {
            var row = Json(latencies[name]);
            row["per_second"] = Math.Round(latencies[name].Count / spent[name].TotalSeconds, 1);
            result[name]![key] = row;
            Console.Error.WriteLine($"  {name}, {callers} caller(s): {row["per_second"]} per second, median {row["median"]} ms");
        }
    }

    private static async Task RepeatAsync(Func<Task> one, TimeSpan time, Latencies latencies, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begin) < time)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = TimeProvider.System.GetTimestamp();
            await one();
            latencies.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    // The very requests of a cold decision: manifest, signature tag, list, referrer, bundle.
    private async Task FetchAsync(OciClient client, TestImage image, CancellationToken cancellationToken)
    {
        if (!OciDigest.TryParse(image.Digest, out var digest))
        {
            throw new InvalidOperationException("The image has no digest");
        }

        await client.ResolveAsync(Repository, tag: null, digest, new OciPlatform("linux", "amd64"), cancellationToken);
        await client.FindManifestAsync(Repository, $"sha256-{digest.Hex}.sig", cancellationToken);
        var list = await client.ListReferrersAsync(Repository, digest, artifactType: null, cancellationToken);
        var manifest = await client.GetReferrerAsync(Repository, digest, list.Items[0], cancellationToken);
        await client.GetBlobAsync(Repository, manifest.Layers[0]!, client.Limits.PayloadBytes, cancellationToken);
    }

    private async Task DecideAsync(PolicyGate gate, TestImage image, CancellationToken cancellationToken)
    {
        var result = await gate.DecideAsync($"{_registry.Host}/{Name}@{image.Digest}", "default", cancellationToken);
        if (!result.Decision.Admitted)
        {
            throw new InvalidOperationException($"The benchmark's image is refused: {result.Decision.Reason}");
        }
    }

    private PolicyGate Gate(TimeSpan cacheTime)
    {
        File.WriteAllText(Path.Combine(_directory, "root.json"), SigstoreWorld.Trusted.TrustedRoot().ToJsonString());
        var policy = Path.Combine(_directory, "policy.yaml");
        File.WriteAllText(policy, $$"""
            version: 1
            trust_roots: { test: root.json }
            registries:
              - match: "{{_registry.Host}}/**"
                insecure: true
                require: { any: [ { keyless: { identity: "{{Recipe.Identity}}", issuer: "{{Recipe.Issuer}}", trust_root: test } } ] }
            profiles:
              default:
                runtime: auto
                network: none
                defaults: { cpu: 500m, memory: 256Mi, pids: 256, lifetime: 10m }
                caps: { cpu: "2", memory: 1Gi, pids: 512, lifetime: 1h }
            """);
        var options = new PolicyOptions { PolicyFile = policy, CacheTime = cacheTime, Platform = new OciPlatform("linux", "amd64") };
        return PolicyGate.Open(options, TimeProvider.System, NullLogger.Instance);
    }

    private async Task PushAsync(TestImage image)
    {
        await _registry.Pusher.PushAsync(Name, "1", image);
        var recipe = Recipe.Of(keyless: true, dsse: true, rekor: 1);
        recipe.Artifact = image.Manifest;
        var bundle = recipe.Build().Bundle;
        await _registry.Pusher.PushBlobAsync(Name, bundle);
        await _registry.Pusher.PushBlobAsync(Name, "{}"u8.ToArray());
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = TestImages.ManifestType,
            ["artifactType"] = BundleType,
            ["config"] = TestImages.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
            ["layers"] = new JsonArray(TestImages.Descriptor(BundleType, bundle)),
            ["subject"] = TestImages.Descriptor(image.MediaType, image.Manifest),
        });
        await _registry.Pusher.PushManifestAsync(Name, "bundle", manifest, TestImages.ManifestType);
        var index = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = OciMediaTypes.OciIndex,
            ["manifests"] = new JsonArray(TestImages.Descriptor(TestImages.ManifestType, manifest)),
        });
        await _registry.Pusher.PushManifestAsync(Name, image.Digest.Replace(':', '-'), index, OciMediaTypes.OciIndex);
    }
}
