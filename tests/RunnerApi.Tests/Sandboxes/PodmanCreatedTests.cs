using System.Runtime.Versioning;
using System.Text.Json;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>What an image or an engine may slip in at create.</summary>
[Collection(PodmanCollectionDefinition.Name)]
[SupportedOSPlatform("linux")]
public sealed class PodmanCreatedTests(PodmanFixture podman) : IAsyncLifetime
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(90), TimeProvider.System);
    private readonly string _id = $"m-{Guid.NewGuid():N}";
    private readonly PodmanDriver _driver = podman.NewDriver();

    [Fact]
    public async Task Create_ImageWithAnnotationForTheRuntime_IsRefusedAndRemoved()
    {
        var image = await podman.BuildAsync("annotated", "--annotation", "io.kubernetes.cri.container-type=container");
        var e = await Assert.ThrowsAsync<SandboxException>(() => _driver.CreateAsync(Spec(image), _limit.Token));

        Assert.Equal(SandboxFault.StartFailed, e.Fault);
        Assert.Contains("io.kubernetes.cri.container-type", e.Message, StringComparison.Ordinal);
        Assert.Null(await _driver.InspectAsync(_id, _limit.Token));
    }

    [Fact]
    public async Task List_ImagesWithHugeLabels_AreListedAndStoppedLikeAnyOther()
    {
        // Printed by the engine, the labels of three containers exceed what is read of one command.
        var image = await podman.BuildAsync("labelled", [.. Enumerable.Range(0, 11).SelectMany(n => new[] { "--label", $"l{n}={new string('\u2028', 30_000)}" })]);
        string[] ids = [_id, _id + "-2", _id + "-3"];
        foreach (var id in ids)
        {
            await _driver.CreateAsync(Spec(image) with { Id = id }, _limit.Token);
        }

        Assert.Equal(3, (await _driver.ListAsync(_limit.Token)).Count(s => ids.Contains(s.Id)));
        await Task.WhenAll(ids.Select(id => _driver.StopAsync(id, _limit.Token)));
        Assert.DoesNotContain(await _driver.ListAsync(_limit.Token), s => ids.Contains(s.Id));
    }

    [Theory]
    [InlineData(67108864, 67108864, 64, 500000000, true)]
    [InlineData(0, 67108864, 64, 500000000, false)]
    [InlineData(67108864, -1, 64, 500000000, false)]
    [InlineData(67108864, 67108864, 0, 500000000, false)]
    [InlineData(67108864, 67108864, 64, 0, false)]
    public void Fault_LimitThatTheEngineDropped_IsNamed(long memory, long swap, long pids, long cpus, bool holds)
    {
        using var inspected = JsonDocument.Parse($$"""
            {
              "HostConfig": { "Memory": {{memory}}, "MemorySwap": {{swap}}, "PidsLimit": {{pids}}, "NanoCpus": {{cpus}}, "ReadonlyRootfs": true, "NetworkMode": "none" },
              "Config": { "Annotations": { "org.opencontainers.image.base.name": "x" } }
            }
            """);

        Assert.Equal(holds, Hardening.Fault(Spec("x@sha256:" + new string('0', 64)), inspected.RootElement) is null);
    }

    [Theory]
    [InlineData("{}", "read back")]
    [InlineData("""{ "HostConfig": {} }""", "read back")]
    [InlineData("""{ "HostConfig": { "Memory": 67108864, "MemorySwap": 67108864, "PidsLimit": 64, "NanoCpus": 500000000, "ReadonlyRootfs": false, "NetworkMode": "none" }, "Config": {} }""", "root writable")]
    [InlineData("""{ "HostConfig": { "Memory": 67108864, "MemorySwap": 67108864, "PidsLimit": 64, "NanoCpus": 500000000, "ReadonlyRootfs": true, "NetworkMode": "bridge" }, "Config": {} }""", "network")]
    public void Fault_WhatCannotBeReadBackOrIsOpen_IsNamed(string json, string words)
    {
        using var inspected = JsonDocument.Parse(json);
        Assert.Contains(words, Hardening.Fault(Spec("x@sha256:" + new string('0', 64)), inspected.RootElement), StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _driver.StopAsync(_id, CancellationToken.None);
        _limit.Dispose();
    }

    private SandboxSpec Spec(string reference) => new()
    {
        Id = _id,
        Reference = reference,
        InsecureRegistry = true,
        Args = ["sleep", "60"],
        Runtime = "runc",
        CpuMillis = 500,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 64,
        Lifetime = TimeSpan.FromMinutes(1),
        OutputBytes = 1024 * 1024,
    };
}
