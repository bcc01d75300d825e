using System.Collections.Concurrent;
using System.Text.Json;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Tests.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Kubernetes.Tests;

/// <summary>A namespace of its own on the cluster that <c>KUBECONFIG</c> names, a registry that its node can pull from, and the test image in it.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("actors-cluster-");
    private readonly LocalRegistry _registry = new();
    private readonly ConcurrentBag<KubernetesDriver> _drivers = [];
    private KubeConnection _connection = null!;
    private TcpForwarder _forwarder = null!;
    private KubeTransport _admin = null!;

    /// <summary><c>127.0.0.1:port/tests/busybox@sha256:…</c>.</summary>
    internal string Image { get; private set; } = "";

    internal string Namespace { get; } = $"actors-test-{Guid.NewGuid():N}"[..24];

    internal KubernetesOptions Options => new() { Namespace = Namespace, Instance = "tests", GvisorRuntimeClass = "gvisor", RuncRuntimeClass = "runc", StartTimeoutSeconds = 60 };

    internal KubernetesDriver NewDriver()
    {
        var driver = new KubernetesDriver(NewClient(), Options, NullLogger<KubernetesDriver>.Instance);
        _drivers.Add(driver);
        return driver;
    }

    internal KubeClient NewClient(string? space = null) => new(new KubeTransport(_connection with { Server = _forwarder.Address }, TimeSpan.FromSeconds(30), TimeProvider.System), space ?? Namespace);

    /// <summary>The kubeconfig of the cluster.</summary>
    internal static string Kubeconfig => Environment.GetEnvironmentVariable("KUBECONFIG") ?? throw new InvalidOperationException("These tests need a cluster: run eng/cluster.sh up and set KUBECONFIG.");

    /// <summary>A runner over this cluster, under an instance's name of its own.</summary>
    internal RealRunner Runner(SandboxRuntime runtime, params string[] settings) => new(
        Image,
        runtime,
        [
            "--Actors:Runner:Driver=kubernetes",
            "--Actors:Runner:Kubernetes:KubeconfigFile=" + Kubeconfig,
            "--Actors:Runner:Kubernetes:Namespace=" + Namespace,
            "--Actors:Runner:Kubernetes:Instance=" + $"r-{Guid.NewGuid():N}"[..12],
            "--Actors:Runner:Kubernetes:RuncRuntimeClass=runc",
            .. settings,
        ]);

    /// <summary>Cuts every connection to the API server.</summary>
    internal int Cut() => _forwarder.Cut();

    internal Task<string> BuildAsync(string name, params string[] more) => new BusyboxImage(_home.FullName, _registry.Host).BuildAsync(name, more);

    public async Task InitializeAsync()
    {
        _connection = KubeConfigFile.Load(Kubeconfig, "", TimeProvider.System);
        _forwarder = new TcpForwarder(_connection.Server);
        _admin = new KubeTransport(_connection, TimeSpan.FromSeconds(30), TimeProvider.System);
        var space = JsonSerializer.SerializeToUtf8Bytes(new { apiVersion = "v1", kind = "Namespace", metadata = new { name = Namespace } });
        await _admin.SendAsync(new KubeRequest(HttpMethod.Post, "/api/v1/namespaces", space), KubeJson.Default.JsonElement, CancellationToken.None);
        await _registry.InitializeAsync();
        Image = await BuildAsync("busybox");
    }

    public async Task DisposeAsync()
    {
        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        await _admin.SendAsync(new KubeRequest(HttpMethod.Delete, "/api/v1/namespaces/" + Namespace), KubeJson.Default.JsonElement, CancellationToken.None);
        _admin.Dispose();
        await _forwarder.DisposeAsync();
        await _registry.DisposeAsync();
        _home.Delete(recursive: true);
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterCollectionDefinition : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
