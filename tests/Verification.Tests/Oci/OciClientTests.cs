using System.Text;
using Actors.Verification.Oci;
using Actors.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Actors.Verification.Tests.Oci;

public sealed class OciClientTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private readonly byte[] _blob = Encoding.UTF8.GetBytes("content");
    private readonly OciClient _client = new();
    private readonly OciClient _clientThatMayGoAnywhere = new(_ => true);
    private HostileRegistry _registry = null!;
    private HostileRegistry _other = null!;

    private OciRepository Repository => new(_registry.Host, Name, insecure: true);

    private string BlobPath => $"/v2/{Name}/blobs/{RegistryPusher.DigestOf(_blob)}";

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _other = await HostileRegistry.StartAsync();
        _other.Serve("/elsewhere", _blob, "application/octet-stream");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        _clientThatMayGoAnywhere.Dispose();
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Theory]
    [InlineData("text/html", "no image manifest")]
    [InlineData("", "no image manifest")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json", "schema 1")]
    [InlineData("application/vnd.docker.distribution.manifest.v2+json", "another mediaType")]
    [InlineData("application/vnd.oci.image.index.v1+json", "another mediaType")]
    public Task GetManifestAsync_ContentTypeThatDoesNotFit_IsProtocol(string type, string why)
    {
        _registry.Serve($"/v2/{Name}/manifests/1", TestImages.Text("x").Manifest, type);
        return ProtocolAsync(() => _client.GetManifestAsync(Repository, "1", CancellationToken.None), why);
    }

    [Theory]
    [InlineData("{}", "schema version 2")]
    [InlineData("{\"schemaVersion\":1}", "schema version 2")]
    [InlineData("[]", "schema version 2")]
    [InlineData("{\"schemaVersion\":2,\"schemaVersion\":2}", "duplicate")]
    [InlineData("{\"schemaVersion\":2,\"schema\\u0056ersion\":2}", "duplicate")]
    [InlineData("{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}", "at once")]
    [InlineData("{\"schemaVersion\":2,\"mediaType\":7}", "another mediaType")]
    [InlineData("nothing", "not JSON")]
    public Task GetManifestAsync_CVE_2021_41190_AmbiguousOrBrokenManifest_IsProtocol(string body, string why)
    {
        _registry.Serve($"/v2/{Name}/manifests/1", Encoding.UTF8.GetBytes(body), OciMediaTypes.OciManifest);
        return ProtocolAsync(() => _client.GetManifestAsync(Repository, "1", CancellationToken.None), why);
    }

    [Theory]
    [InlineData("{\"schemaVersion\":2}", "without manifests")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}", "at once")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[{}]}", "lacks")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"size\":1,\"digest\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"}]}", "another index")]
    public Task GetManifestAsync_BrokenIndex_IsProtocol(string body, string why)
    {
        _registry.Serve($"/v2/{Name}/manifests/1", Encoding.UTF8.GetBytes(body), OciMediaTypes.OciIndex);
        return ProtocolAsync(() => _client.GetManifestAsync(Repository, "1", CancellationToken.None), why);
    }

    [Fact]
    public async Task GetManifestAsync_Always_AsksForEveryManifestType()
    {
        _registry.Add(Name, "1", TestImages.Text("x"));

        await _client.GetManifestAsync(Repository, "1", CancellationToken.None);

        var accept = _registry.Requests.Single().Headers["Accept"];
        Assert.All(OciMediaTypes.Manifests, t => Assert.Contains(t, accept, StringComparison.Ordinal));
    }

    [Fact]
    public async Task GetManifestAsync_Redirect_IsNotFollowed()
    {
        Redirect($"http://{_other.Host}/elsewhere");

        await ProtocolAsync(() => _clientThatMayGoAnywhere.GetManifestAsync(Repository, "1", CancellationToken.None), "status 307");
        Assert.Empty(_other.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("169.254.169.254")]
    [InlineData("2130706433")]
    public async Task GetBlobAsync_RedirectToAPrivateHost_IsRefusedAndNotReached(string host)
    {
        Redirect($"http://{host}:{_other.Host.Split(':')[1]}/elsewhere");

        await FaultAsync(RegistryFault.ForbiddenAddress, () => GetBlobAsync(_client), "not public");
        Assert.Empty(_other.Requests);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task GetBlobAsync_RedirectToANamedHost_MayBePrivateButOnlyThatOne(int off, bool arrives)
    {
        var port = int.Parse(_other.Host.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        Redirect($"http://{_other.Host}/elsewhere");
        var repository = Repository with { Options = new RegistryOptions { Insecure = true, RedirectHosts = [$"127.0.0.1:{port + off}"] } };
        var blob = new OciDescriptor("x/y", OciDigest.Of(_blob), _blob.Length, default);

        if (arrives)
        {
            Assert.Equal(_blob, (await _client.GetBlobAsync(repository, blob, 100, CancellationToken.None)).Memory.ToArray());
            Assert.False(_other.Requests.Single().Headers.ContainsKey("Authorization"));
        }
        else
        {
            await FaultAsync(RegistryFault.ForbiddenAddress, () => _client.GetBlobAsync(repository, blob, 100, CancellationToken.None), "redirect_hosts");
            Assert.Empty(_other.Requests);
        }
    }

    [Fact]
    public async Task GetBlobAsync_CVE_2020_15157_RedirectToAnotherOrigin_CarriesNoHeaderOver()
    {
        _registry.Trick = context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"http://{_other.Host}/elsewhere";
            context.Response.Headers.SetCookie = "secret=1; Path=/";
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"x\"";
            return Task.FromResult(true);
        };

        Assert.Equal(_blob, await GetBlobAsync(_clientThatMayGoAnywhere));

        Assert.Equal(["Accept-Encoding", "Host", "User-Agent"], Assert.Single(_other.Requests).Headers.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("http://user:pass@1.1.1.1/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://1.1.1.1/x")]
    public Task GetBlobAsync_RedirectToAnAddressThatIsNoWebPage_IsProtocol(string location)
    {
        Redirect(location);
        return ProtocolAsync(() => GetBlobAsync(_clientThatMayGoAnywhere), "not followed");
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task GetBlobAsync_Redirects_AreFollowedThreeTimes(int hops, bool arrives)
    {
        var left = hops;
        _registry.Serve(BlobPath, _blob, "application/octet-stream");
        _registry.Trick = context =>
        {
            context.Response.StatusCode = left > 0 ? 302 : 200;
            context.Response.Headers.Location = left > 0 ? BlobPath : default(string);
            return Task.FromResult(left-- > 0);
        };

        if (arrives)
        {
            Assert.Equal(_blob, await GetBlobAsync(_client));
        }
        else
        {
            await ProtocolAsync(() => GetBlobAsync(_client), "more than 3 times");
        }
    }

    [Fact]
    public async Task GetBlobAsync_PlainHttpBehindASecureRule_IsUnavailableAndNamesTheSetting()
    {
        var descriptor = Descriptor();

        var e = await Assert.ThrowsAsync<RegistryException>(() => _client.GetBlobAsync(Repository with { Options = new RegistryOptions { AllowPrivateAddresses = true } }, descriptor, 100, CancellationToken.None));

        Assert.Equal(RegistryFault.Unavailable, e.Fault);
        Assert.Contains("insecure: true", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task GetBlobAsync_LongerThanDeclared_IsTooLarge()
    {
        _registry.Serve(BlobPath, [.. _blob, 1], "application/octet-stream");
        return FaultAsync(RegistryFault.TooLarge, () => GetBlobAsync(_client), "more than 7 bytes");
    }

    private OciDescriptor Descriptor() => new("application/octet-stream", OciDigest.Of(_blob), _blob.Length, default);

    private async Task<byte[]> GetBlobAsync(OciClient client) => (await client.GetBlobAsync(Repository, Descriptor(), 100, CancellationToken.None)).Memory.ToArray();

    private void Redirect(string location) => _registry.Trick = context =>
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = location;
        return Task.FromResult(true);
    };

    private static Task ProtocolAsync<T>(Func<Task<T>> call, string why) => FaultAsync(RegistryFault.Protocol, call, why);

    private static async Task FaultAsync<T>(RegistryFault fault, Func<Task<T>> call, string why)
    {
        var e = await Assert.ThrowsAsync<RegistryException>(() => call());
        Assert.Equal(fault, e.Fault);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }
}
