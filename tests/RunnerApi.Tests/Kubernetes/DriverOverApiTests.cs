using System.Collections.Concurrent;
using System.Text.Json;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Actors.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Actors.RunnerApi.Tests.Kubernetes;

/// <summary>What a healthy cluster cannot be made to do: answers that get lost, pods that never start, pods that are taken away.</summary>
public sealed class DriverOverApiTests : IAsyncLifetime
{
    private static readonly SandboxSpec Spec = new()
    {
        Id = "x",
        Reference = "registry.example/team/server@sha256:" + new string('a', 64),
        Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "hidden" },
        Runtime = "runc",
        CpuMillis = 100,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 10,
        Lifetime = TimeSpan.FromMinutes(1),
        OutputBytes = 1_000_000,
    };

    private readonly ConcurrentQueue<Secret> _secrets = [];
    private readonly TaskCompletionSource<string> _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FakeApi _api = null!;
    private volatile Pod? _pod;
    private Func<Pod, (Pod Kept, int Status)> _create = pod => (Running(pod), 201);

    public async Task InitializeAsync()
    {
        _api = await FakeApi.StartAsync();
        _api.Handler = AnswerAsync;
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task CreateAsync_AnswerIsLost_StillGivesThePodItsVariables()
    {
        _create = pod => (Running(pod), 503);
        await using var driver = Driver();

        await driver.CreateAsync(Spec, default);

        Assert.Equal(_pod!.Spec!.Containers[0].Env![0].ValueFrom.SecretKeyRef.Name, Assert.Single(_secrets).Metadata.Name);
        Assert.Equal("u", _secrets.Single().Metadata.OwnerReferences![0].Uid);
    }

    [Fact]
    public async Task CreateAsync_SomeoneElseWasFirst_LeavesThePodItsOwnVariables()
    {
        _create = pod =>
        {
            var server = pod.Spec!.Containers[0];
            return (Running(pod with { Spec = pod.Spec with { Containers = [server with { Env = [new EnvVar("TOKEN", new EnvVarSource(new SecretKeyReference("another", "TOKEN")))] }] } }), 503);
        };
        await using var driver = Driver();

        await driver.CreateAsync(Spec, default);

        Assert.Empty(_secrets);
    }

    [Fact]
    public async Task CreateAsync_PodThatNeverStarts_IsStartFailed()
    {
        _create = pod => (pod with { Metadata = pod.Metadata with { Uid = "u" } }, 201);
        await using var driver = Driver(startSeconds: 0);

        var e = await Assert.ThrowsAsync<SandboxException>(() => driver.CreateAsync(Spec, default));

        Assert.Equal(SandboxFault.StartFailed, e.Fault);
        Assert.Null(_pod);
    }

    [Fact]
    public async Task InspectAsync_DrainedPodThatIsGone_SaysWhyUntilItIsStopped()
    {
        await using var driver = Driver();
        await driver.CreateAsync(Spec, default);
        var drained = _pod! with { Status = _pod.Status! with { Conditions = [new PodCondition("DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting")] } };
        _pod = null;
        Assert.Null(await driver.InspectAsync("x", default));

        _change.SetResult($"{{\"type\":\"DELETED\",\"object\":{JsonSerializer.Serialize(drained, KubeJson.Default.Pod)}}}\n");
        SandboxStatus? status = null;
        await Poll.UntilAsync(async () => (status = await driver.InspectAsync("x", default)) is not null);

        Assert.Equal((SandboxState.Exited, SandboxLoss.Evicted, "EvictionByEvictionAPI: Eviction API: evicting"), (status!.State, status.Loss, status.Detail));
        await driver.StopAsync("x", default);
        Assert.Null(await driver.InspectAsync("x", default));
    }

    private KubernetesDriver Driver(int startSeconds = 60) =>
        new(_api.Client(), new KubernetesOptions { StartTimeoutSeconds = startSeconds }, NullLogger<KubernetesDriver>.Instance);

    private static Pod Running(Pod pod) => pod with
    {
        Metadata = pod.Metadata with { Uid = "u" },
        Status = new PodStatus
        {
            Phase = "Running",
            ContainerStatuses = [new ContainerStatus(PodTemplate.ContainerName, new ContainerState(null, new ContainerRunning(DateTimeOffset.UnixEpoch), null), null)],
        },
    };

    private async Task AnswerAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value!);
        if (method == "POST" && path.EndsWith("/secrets", StringComparison.Ordinal))
        {
            _secrets.Enqueue((await JsonSerializer.DeserializeAsync(context.Request.Body, KubeJson.Default.Secret))!);
            await WriteAsync(context, 201, "{}");
        }
        else if (method == "POST")
        {
            await PostPodAsync(context);
        }
        else if (context.Request.Query.ContainsKey("watch"))
        {
            await context.Response.WriteAsync(await _change.Task.WaitAsync(context.RequestAborted));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (path.EndsWith("/pods", StringComparison.Ordinal) || path.EndsWith("/events", StringComparison.Ordinal))
        {
            await WriteAsync(context, 200, """{"metadata":{"resourceVersion":"1"},"items":[]}""");
        }
        else
        {
            var pod = _pod;
            _pod = method == "DELETE" ? null : pod;
            await (pod is null ? WriteAsync(context, 404, """{"reason":"NotFound"}""") : WriteAsync(context, 200, JsonSerializer.Serialize(pod, KubeJson.Default.Pod)));
        }
    }

    private async Task PostPodAsync(HttpContext context)
    {
        if (_pod is not null)
        {
            await WriteAsync(context, 409, """{"reason":"AlreadyExists"}""");
            return;
        }

        var asked = (await JsonSerializer.DeserializeAsync(context.Request.Body, KubeJson.Default.Pod))!;
        (_pod, var status) = _create(asked);
        await WriteAsync(context, status, JsonSerializer.Serialize(_pod, KubeJson.Default.Pod));
    }

    private static Task WriteAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }
}
