using System.Text.Json.Nodes;
using Actors.Kubernetes.Tests;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Sandboxes;

namespace Actors.Benchmarks.Sandbox;

/// <summary>From <c>POST /runs</c> to the first tool's result, beside the same container without the runner, in turns so that a busy machine weighs on both.</summary>
internal sealed class SandboxBenchmark : IBenchmark
{
    private const double MostRatio = 1.15;
    private const int Turns = 17;
    private const int AtOnce = 50;

    public static string Name => "sandbox";

    public static string Summary => "POST /runs to the first tool result on Podman and, with KUBECONFIG, on Kubernetes; runc and gVisor; against the bare container; 50 at once";

    public static async Task<JsonObject> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var (targets, rows) = (new Targets(), new JsonArray());
        var podman = new PodmanFixture();
        await podman.InitializeAsync();
        try
        {
            foreach (var runtime in new[] { "runc", "runsc" }.Where(r => options.Wants("podman " + r)))
            {
                await using var bench = await PodmanBench.StartAsync(podman, runtime);
                rows.Add(await MeasureAsync(bench, podman.Image, targets, cancellationToken));
            }
        }
        finally
        {
            await podman.DisposeAsync();
        }

        if (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } && options.Wants("kubernetes runc kubernetes gvisor"))
        {
            await MeasureClusterAsync(options, rows, targets, cancellationToken);
        }
        else if (options.Wants("kubernetes runc kubernetes gvisor"))
        {
            Console.Error.WriteLine("skipped: Kubernetes, as KUBECONFIG is not set (eng/cluster.sh up prints one)");
        }

        return targets.Into(new JsonObject { ["benchmark"] = Name, ["milliseconds"] = rows });
    }

    private static async Task MeasureClusterAsync(BenchmarkOptions options, JsonArray rows, Targets targets, CancellationToken cancellationToken)
    {
        var cluster = new ClusterFixture();
        await cluster.InitializeAsync();
        try
        {
            foreach (var runtime in new[] { "runc", "gvisor" }.Where(r => options.Wants("kubernetes " + r)))
            {
                await using var bench = await KubernetesBench.StartAsync(cluster, runtime);
                rows.Add(await MeasureAsync(bench, cluster.Image, targets, cancellationToken));
            }
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    private static async Task<JsonObject> MeasureAsync(ISandboxBench bench, string image, Targets targets, CancellationToken cancellationToken)
    {
        Console.Error.WriteLine($"  {bench.Name}");
        bench.Runner.Image = image;
        await OursAsync(bench, null);
        await bench.BareAsync(image, cancellationToken);

        var (ours, bare) = await InTurnsAsync(bench, () => Task.FromResult(image), cancellationToken);
        var (oursCold, bareCold) = await InTurnsAsync(bench, bench.NewImageAsync, cancellationToken);
        targets.AtMost($"{bench.Name}, image present: median against bare", ours.At(0.5) / bare.At(0.5), MostRatio);
        targets.AtMost($"{bench.Name}, cold: median against bare", oursCold.At(0.5) / bareCold.At(0.5), MostRatio);
        bench.Runner.Image = image;
        return new JsonObject
        {
            ["engine"] = bench.Name,
            ["present"] = Row(ours, bare),
            ["cold"] = Row(oursCold, bareCold),
            ["at_once"] = await AtOnceAsync(bench),
        };
    }

    private static async Task<(Latencies Ours, Latencies Bare)> InTurnsAsync(ISandboxBench bench, Func<Task<string>> nextImage, CancellationToken cancellationToken)
    {
        var (ours, bare) = (new Latencies(), new Latencies());
        for (var i = 0; i < Turns; i++)
        {
            bench.Runner.Image = await nextImage();
            await PartOfSecondAsync(i, cancellationToken);
            ours.Add(await OursAsync(bench, null));
            var image = await nextImage();
            await PartOfSecondAsync(i, cancellationToken);
            bare.Add(await bench.BareAsync(image, cancellationToken));
        }

        return (ours, bare);
    }

    // A kubelet looks at its containers once a second: both sides start at every part of it, or it would be chance who just misses a look.
    private static Task PartOfSecondAsync(int turn, CancellationToken cancellationToken)
    {
        var into = TimeSpan.FromTicks(TimeProvider.System.GetUtcNow().Ticks % TimeSpan.TicksPerSecond);
        var part = TimeSpan.FromSeconds((double)turn / Turns);
        return Task.Delay(part < into ? part + TimeSpan.FromSeconds(1) - into : part - into, TimeProvider.System, cancellationToken);
    }

    private static async Task<JsonObject> AtOnceAsync(ISandboxBench bench)
    {
        var each = new Latencies();
        var small = new SandboxLimits { CpuMillis = 30, MemoryBytes = 40 << 20 };
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ => each.Add(await OursAsync(bench, small))));
        var all = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        Console.Error.WriteLine($"    {AtOnce} at once: all in {all:0} ms");
        return new JsonObject { ["runs"] = AtOnce, ["all"] = Math.Round(all), ["median"] = each.At(0.5), ["p95"] = each.At(0.95) };
    }

    private static JsonObject Row(Latencies ours, Latencies bare) => new()
    {
        ["runner_median"] = ours.At(0.5),
        ["bare_median"] = bare.At(0.5),
        ["added"] = Math.Round(ours.At(0.5) - bare.At(0.5), 1),
        ["ratio"] = Math.Round(ours.At(0.5) / bare.At(0.5), 3),
    };

    // Milliseconds until the result; the removal after it is not measured and must not weigh on the next.
    private static async Task<double> OursAsync(ISandboxBench bench, SandboxLimits? limits)
    {
        var start = TimeProvider.System.GetTimestamp();
        var id = $"b-{Guid.NewGuid():N}";
        using var launched = await bench.Runner.LaunchAsync(id, BenchServer.Script, limits);
        if (!launched.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(await launched.Content.ReadAsStringAsync());
        }

        await bench.Runner.PutAsync(id, "c");
        var view = await bench.Runner.GetAsync<CallView>($"/runs/{id}/calls/c?wait=60");
        while (view.Status == CallStatus.Pending)
        {
            view = await bench.Runner.GetAsync<CallView>($"/runs/{id}/calls/c?wait=60");
        }

        if (view.Status != CallStatus.Result)
        {
            throw new InvalidOperationException($"{view.Status}: {view.Error}");
        }

        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        using var deleted = await bench.Runner.Http.DeleteAsync($"/runs/{id}");
        return elapsed;
    }
}
