using System.IO.Compression;
using System.Text;
using Actors.Testing;
using Actors.Verification.Oci;
using Microsoft.AspNetCore.Http;

namespace Actors.Verification.Tests.Oci;

public sealed class OciClientHostileTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private readonly OciClient _client = new();
    private readonly TestImage _good = TestImages.Text("good");
    private readonly TestImage _evil = TestImages.Text("evil");
    private HostileRegistry _registry = null!;

    private OciRepository Repository => new(_registry.Host, Name, insecure: true);

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _registry.Add(Name, "1", _good);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task GetManifestAsync_DigestAnsweredWithAnotherManifest_IsProtocol()
    {
        Assert.True(OciDigest.TryParse(_good.Digest, out var digest));
        _registry.Serve($"/v2/{Name}/manifests/{_good.Digest}", _evil.Manifest, _evil.MediaType);
        _registry.Trick = c =>
        {
            c.Response.OnStarting(() =>
            {
                c.Response.Headers[RegistryStatus.DigestHeader] = _good.Digest;
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };

        var e = await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, digest, default), "other content");
        Assert.Contains(_evil.Digest, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_CVE_2022_47633_DigestFlipsBetweenRequests_TheTagIsReadOnceAndPinned()
    {
        var index = Index(_good, "linux", "amd64");
        _registry.Add(Name, "1", index);
        var tagReads = 0;
        _registry.Trick = async c =>
        {
            if (c.Request.Path.Value!.EndsWith("/manifests/1", StringComparison.Ordinal) && tagReads++ > 0)
            {
                c.Response.ContentType = _evil.MediaType;
                await c.Response.Body.WriteAsync(_evil.Manifest);
                return true;
            }

            return false;
        };

        var resolved = await _client.ResolveAsync(Repository, "1", digest: null, new OciPlatform("linux", "amd64"), default);

        Assert.Equal(1, tagReads);
        Assert.Equal(index.Digest, resolved.Top.Digest.ToString());
        Assert.Equal(_good.Digest, resolved.Image.Digest.ToString());
    }

    [Fact]
    public Task GetManifestAsync_DigestHeaderOfAnotherManifest_IsProtocol()
    {
        _registry.Trick = c =>
        {
            c.Response.OnStarting(() =>
            {
                c.Response.Headers[RegistryStatus.DigestHeader] = _evil.Digest;
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };

        return RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, "1", default), "header says otherwise");
    }

    [Fact]
    public async Task GetManifestAsync_RegistryThatAnswersByAccept_GivesTheSameToEveryRequest()
    {
        _registry.Trick = async c =>
        {
            var all = OciMediaTypes.Manifests.All(t => c.Request.Headers.Accept.ToString().Contains(t, StringComparison.Ordinal));
            c.Response.ContentType = _good.MediaType;
            await c.Response.Body.WriteAsync(all ? _good.Manifest : _evil.Manifest);
            return true;
        };

        var byTag = await _client.GetManifestAsync(Repository, "1", default);
        var byDigest = await _client.GetManifestAsync(Repository, byTag.Digest, default);

        Assert.Equal(_good.Digest, byTag.Digest.ToString());
        Assert.Equal(byTag.Digest, byDigest.Digest);
    }

    [Fact]
    public async Task GetManifestAsync_SlowBody_EndsWithTheCallersDeadline()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Trick = async c =>
        {
            c.Response.ContentType = _good.MediaType;
            await c.Response.Body.WriteAsync(_good.Manifest.AsMemory(0, 10));
            await c.Response.Body.FlushAsync();
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var clock = new FakeTimeProvider();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20), clock);

        var read = _client.GetManifestAsync(Repository, "1", deadline.Token);
        await started.Task;
        Assert.False(read.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task GetManifestAsync_CVE_2024_29902_CompressionBomb_IsRefusedUnread()
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(new byte[64 * 1024 * 1024]);
        }

        _registry.Trick = async c =>
        {
            c.Response.ContentType = _good.MediaType;
            c.Response.Headers.ContentEncoding = "gzip";
            await c.Response.Body.WriteAsync(buffer.ToArray());
            return true;
        };

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, "1", default), "compressed");
        Assert.Equal("identity", _registry.Requests.Single().Headers["Accept-Encoding"]);
    }

    [Fact]
    public async Task GetManifestAsync_EndlessBody_IsTooLargeAndHungUp()
    {
        using var endless = EndlessServer.Start(OciMediaTypes.OciManifest);

        await RegistryAssert.FaultAsync(RegistryFault.TooLarge, () => _client.GetManifestAsync(new OciRepository(endless.Host, Name, insecure: true), "1", default));

        Assert.True(await endless.Sent < 64 * 1024 * 1024);
    }

    [Fact]
    public async Task GetBlobAsync_CVE_2024_29902_DeclaredOverTheCap_IsTooLargeAndNotAskedFor()
    {
        var descriptor = new OciDescriptor("x/y", OciDigest.Of([1]), long.MaxValue, default);

        await RegistryAssert.FaultAsync(RegistryFault.TooLarge, () => _client.GetBlobAsync(Repository, descriptor, _client.Limits.PayloadBytes, default), "declared with");
        Assert.Empty(_registry.Requests);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task GetManifestAsync_DescriptorOfAnotherSize_IsProtocol(int off)
    {
        Assert.True(OciDigest.TryParse(_good.Digest, out var digest));
        var descriptor = new OciDescriptor(_good.MediaType, digest, _good.Manifest.Length + off, default);

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, descriptor, default), "other content");
    }

    [Fact]
    public async Task GetManifestAsync_DescriptorOfAnotherType_IsProtocol()
    {
        Assert.True(OciDigest.TryParse(_good.Digest, out var digest));
        var descriptor = new OciDescriptor(OciMediaTypes.DockerManifest, digest, _good.Manifest.Length, default);

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, descriptor, default), "another mediaType");
    }

    [Fact]
    public async Task GetManifestAsync_DescriptorOverTheCap_IsTooLargeAndNotAskedFor()
    {
        var descriptor = new OciDescriptor(_good.MediaType, OciDigest.Of([1]), _client.Limits.ManifestBytes + 1L, default);

        await RegistryAssert.FaultAsync(RegistryFault.TooLarge, () => _client.GetManifestAsync(Repository, descriptor, default));
        Assert.Empty(_registry.Requests);
    }

    [Theory]
    [InlineData("\"mediaType\":\"\\ud800\"")]
    [InlineData("\"a\\udc00\":1")]
    [InlineData("\"annotations\":{\"x\":\"\\ud800x\"}")]
    public Task GetManifestAsync_StringThatIsNoText_IsProtocol(string member)
    {
        _registry.Serve($"/v2/{Name}/manifests/1", Encoding.UTF8.GetBytes($"{{\"schemaVersion\":2,{member}}}"), OciMediaTypes.OciManifest);
        return RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(Repository, "1", default), "not JSON");
    }

    [Theory]
    [InlineData("a/../b", "1")]
    [InlineData("a/b", "../../secret")]
    [InlineData("a/b?x=", "1")]
    public async Task GetManifestAsync_NameThatWouldLeadElsewhere_IsProtocolAndNotSent(string name, string tag)
    {
        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetManifestAsync(new OciRepository(_registry.Host, name, insecure: true), tag, default));
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public void Parse_ManyCutAndFlippedBodies_OnlyFailTyped()
    {
        var random = new Random(20301);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = _good.Manifest.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var cut = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            var type = OciMediaTypes.Manifests[random.Next(OciMediaTypes.Manifests.Count)];
            try
            {
                var manifest = OciManifest.Parse("Fuzz", type, VerifiedBytes.Named(cut));
                _ = (manifest.Subject, manifest.ArtifactType, manifest.Layers.Count);
            }
            catch (RegistryException e)
            {
                Assert.Equal(RegistryFault.Protocol, e.Fault);
            }
        }
    }

    private static TestImage Index(TestImage child, string os, string architecture)
    {
        var descriptor = TestImages.Descriptor(child.MediaType, child.Manifest);
        descriptor["platform"] = new System.Text.Json.Nodes.JsonObject { ["os"] = os, ["architecture"] = architecture };
        var bytes = Encoding.UTF8.GetBytes(new System.Text.Json.Nodes.JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = OciMediaTypes.OciIndex,
            ["manifests"] = new System.Text.Json.Nodes.JsonArray(descriptor),
        }.ToJsonString());
        return new TestImage(bytes, OciMediaTypes.OciIndex, child.Config, child.Layers);
    }
}
