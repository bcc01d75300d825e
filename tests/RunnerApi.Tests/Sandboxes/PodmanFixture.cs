using System.Collections.Concurrent;
using Actors.RunnerApi.Podman;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>A private container storage, a local registry and the test image in it, all under one temporary directory.</summary>
public sealed class PodmanFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("actors-podman-");
    private readonly LocalRegistry _registry = new();
    private readonly ConcurrentBag<PodmanDriver> _drivers = [];

    /// <summary><c>127.0.0.1:port/tests/busybox@sha256:…</c>.</summary>
    internal string Image { get; private set; } = "";

    internal PodmanOptions Options => new() { Instance = "test-" + _home.Name[^6..].ToLowerInvariant(), Root = At("root"), RunRoot = At("run") };

    /// <summary>A driver as of a runner that was started anew; disposed with the fixture.</summary>
    internal PodmanDriver NewDriver() => NewDriver(Options);

    internal PodmanDriver NewDriver(PodmanOptions options, TimeProvider? time = null)
    {
        var driver = new PodmanDriver(options, time ?? TimeProvider.System, NullLogger<PodmanDriver>.Instance);
        _drivers.Add(driver);
        return driver;
    }

    internal string At(string name) => Path.Combine(_home.FullName, name);

    public async Task InitializeAsync()
    {
        await _registry.InitializeAsync();
        Image = await BuildAsync("busybox");
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_drivers.Select(d => d.DisposeAsync().AsTask()));
        await _registry.DisposeAsync();
        string[] storage = ["--root", At("root"), "--runroot", At("run")];
        await BusyboxImage.RunAsync("podman", [.. storage, "rm", "--all", "--force", "--time", "0"]);
        await BusyboxImage.RunAsync("podman", [.. storage, "rmi", "--all", "--force"]);
        await BusyboxImage.RunAsync("umount", [At("root/overlay")], mayFail: true);
        _home.Delete(recursive: true);
    }

    /// <summary>Builds and pushes a busybox image with more configuration. Built in a storage of its own, so that the driver really has to pull.</summary>
    internal Task<string> BuildAsync(string name, params string[] more) => new BusyboxImage(_home.FullName, _registry.Host).BuildAsync(name, more);
}

[CollectionDefinition(Name)]
public sealed class PodmanCollectionDefinition : ICollectionFixture<PodmanFixture>
{
    public const string Name = "podman";
}
