using System.Net;
using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>What the platform's HTTP client would do by itself, and ours must not.</summary>
public sealed class GuardedHttpTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private readonly TestImage _image = TestImages.Text("x");
    private readonly OciClient _client = new(new OciClientOptions { ResolveName = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]) });
    private HostileRegistry _registry = null!;

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _registry.Add(Name, "1", _image);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task GetManifestAsync_ProxyOfTheEnvironment_IsNotAsked()
    {
        await using var elsewhere = await HostileRegistry.StartAsync();

        // The process has one: this one is for a host of this test's own and stays out of the way of all others.
        var host = $"{Guid.NewGuid():N}.test:{_registry.Host.Split(':')[1]}";
        HttpClient.DefaultProxy = new ProxyOfOneHost(host, new Uri($"http://{elsewhere.Host}"), HttpClient.DefaultProxy);

        var manifest = await _client.GetManifestAsync(new OciRepository(host, Name, insecure: true), "1", default);

        Assert.Equal(_image.Digest, manifest.Digest.ToString());
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task GetManifestAsync_CookieOfTheRegistry_IsNotSentBack()
    {
        _registry.Trick = c =>
        {
            c.Response.Headers.SetCookie = "track=1; Path=/";
            return Task.FromResult(false);
        };

        await _client.GetManifestAsync(new OciRepository(_registry.Host, Name, insecure: true), "1", default);
        await _client.GetManifestAsync(new OciRepository(_registry.Host, Name, insecure: true), "1", default);

        Assert.Equal(2, _registry.Requests.Count);
        Assert.DoesNotContain(_registry.Requests, r => r.Headers.ContainsKey("Cookie"));
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(40, false)]
    public async Task GetManifestAsync_LargeHead_IsRead(int kibibytes, bool isRead)
    {
        _registry.Trick = c =>
        {
            for (var i = 0; i < kibibytes; i++)
            {
                c.Response.Headers[$"X-{i}"] = new string('x', 1024);
            }

            return Task.FromResult(false);
        };
        var read = () => _client.GetManifestAsync(new OciRepository(_registry.Host, Name, insecure: true), "1", default);
        if (isRead)
        {
            Assert.Equal(_image.Digest, (await read()).Digest.ToString());
            return;
        }

        await RegistryAssert.FaultAsync(RegistryFault.Unavailable, read);
    }

    private sealed class ProxyOfOneHost(string authority, Uri address, IWebProxy others) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination) => destination.Authority == authority ? address : others.GetProxy(destination);

        public bool IsBypassed(Uri host) => host.Authority != authority && others.IsBypassed(host);
    }
}
