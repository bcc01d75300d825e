using Actors.Testing;
using Actors.Verification.Oci;
using Microsoft.AspNetCore.Http;

namespace Actors.Verification.Tests.Oci;

public sealed class MirrorTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private static readonly RegistryOptions Plain = new() { Insecure = true };
    private readonly FakeTimeProvider _clock = new();
    private readonly TestImage _image = TestImages.Text("x");
    private OciClient _client = null!;
    private HostileRegistry _origin = null!;
    private HostileRegistry _mirror = null!;

    private OciDigest Digest => OciDigest.Of(_image.Manifest);

    private OciDescriptor Blob => new("x/y", OciDigest.Of(_image.Config), _image.Config.Length, default);

    public async Task InitializeAsync()
    {
        _origin = await HostileRegistry.StartAsync();
        _mirror = await HostileRegistry.StartAsync();
        _origin.Add(Name, "1", _image);
        _client = new OciClient(new OciClientOptions { Time = _clock });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _origin.DisposeAsync();
        await _mirror.DisposeAsync();
    }

    [Fact]
    public async Task ByDigest_MirrorHasIt_TheOriginIsNotAsked()
    {
        _mirror.Add("hub/" + Name, "1", _image);

        await _client.GetManifestAsync(Mirrored(), Digest, default);
        await _client.GetBlobAsync(Mirrored(), Blob, 10_000, default);

        Assert.Empty(_origin.Requests);
        Assert.Equal(2, _mirror.Requests.Count);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(401)]
    [InlineData(302)]
    public async Task ByDigest_MirrorFails_TheOriginIsAsked(int status)
    {
        _mirror.Trick = c =>
        {
            c.Response.StatusCode = status;
            return Task.FromResult(true);
        };

        Assert.Equal(Digest, (await _client.GetManifestAsync(Mirrored(), Digest, default)).Digest);
        Assert.Equal(Blob.Digest, (await _client.GetBlobAsync(Mirrored(), Blob, 10_000, default)).Digest);
    }

    [Fact]
    public async Task ByDigest_CVE_2022_47633_MirrorGivesOtherBytes_TheyAreThrownAway()
    {
        var evil = TestImages.Text("evil");
        _mirror.Serve($"/v2/hub/{Name}/manifests/{Digest}", evil.Manifest, evil.MediaType);
        _mirror.Serve($"/v2/hub/{Name}/blobs/{Blob.Digest}", new byte[_image.Config.Length], "x/y");

        Assert.Equal(Digest, (await _client.GetManifestAsync(Mirrored(), Digest, default)).Digest);
        Assert.Equal(_image.Config, (await _client.GetBlobAsync(Mirrored(), Blob, 10_000, default)).Memory.ToArray());
        Assert.Equal(2, _mirror.Requests.Count);
    }

    [Fact]
    public async Task ByDigest_MirrorHangs_TheOriginIsAskedAfterItsTime()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mirror.Trick = async c =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        var read = _client.GetManifestAsync(Mirrored(), Digest, default);
        await asked.Task;
        Assert.False(read.IsCompleted);
        _clock.Advance(_client.Limits.MirrorTime);

        Assert.Equal(Digest, (await read).Digest);
    }

    [Fact]
    public async Task ByDigest_MirrorHung_IsNotAskedAgainForAWhile()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _mirror.Add("hub/" + Name, "1", _image);
        _mirror.Trick = async c =>
        {
            if (!asked.TrySetResult())
            {
                return false;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var read = _client.GetManifestAsync(Mirrored(), Digest, default);
        await asked.Task;
        _clock.Advance(_client.Limits.MirrorTime);
        await read;

        _clock.Advance(_client.Limits.MirrorPause - TimeSpan.FromTicks(1));
        await _client.GetBlobAsync(Mirrored(), Blob, 10_000, default);
        Assert.Single(_mirror.Requests);

        _clock.Advance(TimeSpan.FromTicks(1));
        await _client.GetBlobAsync(Mirrored(), Blob, 10_000, default);
        Assert.Equal(2, _mirror.Requests.Count);
        Assert.Equal(2, _origin.Requests.Count);
    }

    [Fact]
    public async Task ByTag_MirrorThatMayNotResolve_IsNotAsked()
    {
        _mirror.Add("hub/" + Name, "1", TestImages.Text("evil"));

        Assert.Equal(Digest, (await _client.GetManifestAsync(Mirrored(), "1", default)).Digest);
        await _client.ListReferrersAsync(Mirrored(), Digest, artifactType: null, default);

        Assert.Empty(_mirror.Requests);
    }

    [Fact]
    public async Task ByTag_MirrorThatMayResolve_IsAskedFirst()
    {
        var other = TestImages.Text("newer");
        _mirror.Add("hub/" + Name, "1", other);

        Assert.Equal(other.Digest, (await _client.GetManifestAsync(Mirrored(resolvesTags: true), "1", default)).Digest.ToString());
        Assert.Empty(_origin.Requests);
    }

    [Fact]
    public async Task ListReferrersAsync_MirrorKnowsNone_TheOriginIsAsked()
    {
        var list = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"a/b\",\"size\":1,\"digest\":\"" + Digest + "\"}]}";
        _origin.Serve($"/v2/{Name}/referrers/{Digest}", System.Text.Encoding.UTF8.GetBytes(list), OciMediaTypes.OciIndex);

        Assert.Single((await _client.ListReferrersAsync(Mirrored(resolvesTags: true), Digest, artifactType: null, default)).Items);
    }

    [Fact]
    public async Task Mirrors_AreAskedInOrder()
    {
        _mirror.Add("second/" + Name, "1", _image);
        var repository = new OciRepository(_origin.Host, Name, Plain with
        {
            Mirrors = [new RegistryMirror(_mirror.Host, "first") { Options = Plain }, new RegistryMirror(_mirror.Host, "second") { Options = Plain }],
        });

        await _client.GetManifestAsync(repository, Digest, default);

        Assert.Equal(["first", "second"], _mirror.Requests.Select(r => r.Path.Split('/')[2]));
        Assert.Empty(_origin.Requests);
    }

    private OciRepository Mirrored(bool resolvesTags = false) =>
        new(_origin.Host, Name, Plain with { Mirrors = [new RegistryMirror(_mirror.Host, "hub") { Options = Plain, ResolvesTags = resolvesTags }] });
}
