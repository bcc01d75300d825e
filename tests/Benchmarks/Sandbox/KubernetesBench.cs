using Actors.Kubernetes.Tests;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Benchmarks.Sandbox;

/// <summary>A cluster: the runner against a pod of the same form, created, watched and attached without it.</summary>
internal sealed class KubernetesBench : ISandboxBench
{
    private readonly ClusterFixture _cluster;
    private readonly string _runtime;
    private readonly KubeClient _client;
    private readonly PodTracker _tracker;
    private int _images;

    private KubernetesBench(ClusterFixture cluster, string runtime, RealRunner runner)
    {
        _cluster = cluster;
        _runtime = runtime;
        Runner = runner;
        _client = cluster.NewClient();
        _tracker = new PodTracker(_client, PodTemplate.Selector(cluster.Options), NullLogger.Instance);
    }

    public string Name => "kubernetes " + _runtime;

    public RealRunner Runner { get; }

    internal static async Task<KubernetesBench> StartAsync(ClusterFixture cluster, string runtime)
    {
        var runner = cluster.Runner(runtime == "runc" ? SandboxRuntime.Runc : SandboxRuntime.Runsc, "--Actors:Runner:Isolation:Required=false", "--Actors:Runner:Kubernetes:StartTimeoutSeconds=600");
        return new KubernetesBench(cluster, runtime, await runner.BootAsync());
    }

    public Task<string> NewImageAsync() => _cluster.BuildAsync($"bench-{_runtime}-{_images++}");

    public async Task<double> BareAsync(string image, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var spec = new SandboxSpec
        {
            Id = $"bare-{Guid.NewGuid():N}", Reference = image, Args = ["/bin/busybox", "sh", "-c", BenchServer.Script], Runtime = _runtime,
            CpuMillis = 300, MemoryBytes = 96 << 20, Pids = 32, Lifetime = TimeSpan.FromSeconds(300), OutputBytes = 1 << 20,
        };
        var template = PodTemplate.Build(spec, _cluster.Options, "none", TimeProvider.System.GetUtcNow());
        var plain = template.Spec!.Containers[0] with { Args = [.. template.Spec.Containers[0].Args!.Select(a => a.Replace("$$SEEN", "/tmp/seen", StringComparison.Ordinal))] };
        var pod = await _client.CreatePodAsync(template with { Spec = template.Spec with { Containers = [plain] } }, cancellationToken);
        var running = await _tracker.WaitAsync(pod, PodReading.HasStarted, TimeSpan.FromSeconds(300), cancellationToken);
        var stdin = new PodStdin(await _client.AttachStdinAsync(running!.Metadata.Name!, PodTemplate.ContainerName, cancellationToken));
        var log = new PodLog(token => _client.OpenLogAsync(running.Metadata.Name!, PodTemplate.ContainerName, LogOutput.All, follow: true, token), new LogBudget(spec.Id, long.MaxValue));
        await stdin.WriteAsync(BenchServer.Lines.ToArray(), cancellationToken);
        await BenchServer.AnsweredAsync(log, cancellationToken);
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        await log.CloseAsync();
        await stdin.CloseAsync();
        await _client.DeletePodAsync(running.Metadata.Name!, null, cancellationToken);
        return elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        await Runner.DisposeAsync();
        await _tracker.DisposeAsync();
        _client.Dispose();
    }
}
