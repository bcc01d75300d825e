using System.Net;
using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>No request of any kind reaches an address that is not allowed. Names are resolved by the test; addresses that must not be reached would be the registry of this test.</summary>
public sealed class AddressGuardTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private readonly Queue<IPAddress[]> _answers = new();
    private readonly List<string> _resolved = [];
    private OciClient _client = null!;
    private HostileRegistry _registry = null!;

    private string Port => _registry.Host.Split(':')[1];

    private string Host => $"registry.test:{Port}";

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _registry.Add(Name, "1", TestImages.Text("x"));
        _client = new OciClient(new OciClientOptions
        {
            ResolveName = (host, _) =>
            {
                _resolved.Add(host);
                return Task.FromResult(_answers.Count > 1 ? _answers.Dequeue() : _answers.Peek());
            },
        });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("1.1.1.1,127.0.0.1")]
    [InlineData("")]
    public async Task Registry_WithoutASetting_MustBePublic(string addresses)
    {
        Resolve(addresses);

        var e = await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, () => ReadAsync(RegistryOptions.Default));

        Assert.Contains("allow_private", e.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Registry_Insecure_MayBePrivate()
    {
        Resolve("127.0.0.1");

        await ReadAsync(new RegistryOptions { Insecure = true });

        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task Registry_AllowPrivateAddresses_IsReachedButStillOverTls()
    {
        Resolve("127.0.0.1");

        await RegistryAssert.FaultAsync(RegistryFault.Unavailable, () => ReadAsync(new RegistryOptions { AllowPrivateAddresses = true }), "TLS");

        Assert.Empty(_registry.Requests);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a83f:8110")]
    [InlineData("2002:a83f:8110::1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    public async Task Registry_MetadataAddress_IsNeverReached(string address)
    {
        Resolve(address);

        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, () => ReadAsync(new RegistryOptions { Insecure = true, AllowPrivateAddresses = true }));
    }

    [Fact]
    public async Task Registry_DnsRebinding_TheCheckedAddressesAreTheOnesConnectedTo()
    {
        Resolve("127.0.0.1");
        Resolve("169.254.169.254");

        await ReadAsync(new RegistryOptions { Insecure = true });

        Assert.Equal(["registry.test"], _resolved);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task Redirect_ToAPrivateName_IsNotReachedEvenOverAConnectionThatTheRegistryHas()
    {
        Resolve("127.0.0.1");
        var insecure = new OciRepository(Host, Name, new RegistryOptions { Insecure = true });
        await _client.GetManifestAsync(insecure, "1", default);
        _registry.Trick = c =>
        {
            c.Response.Redirect($"http://internal.test:{Port}/secret");
            return Task.FromResult(true);
        };

        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, () => BlobAsync(insecure), "internal.test");
        Assert.Equal(2, _registry.Requests.Count);

        // Another registry names this one, to which there is a connection already.
        await using var second = await HostileRegistry.StartAsync();
        second.Trick = c =>
        {
            c.Response.Redirect($"http://{Host}/secret");
            return Task.FromResult(true);
        };
        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, () => BlobAsync(new OciRepository(second.Host.Replace("127.0.0.1", "second.test", StringComparison.Ordinal), Name, insecure.Options)), "registry.test");
        Assert.Equal(2, _registry.Requests.Count);
    }

    [Fact]
    public async Task Redirect_FromHttpsToHttp_IsNotFollowed()
    {
        var e = Assert.Throws<RegistryException>(() =>
            RegistryEndpoint.RedirectTarget("Blob", new OciRepository("ghcr.io", Name), new Uri("https://ghcr.io/v2/"), new Uri("http://ghcr.io/x")));

        Assert.Contains("https only", e.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Request_Always_CarriesNoTraceHeader()
    {
        using var activity = new System.Diagnostics.Activity("decision").Start();
        Resolve("127.0.0.1");

        await ReadAsync(new RegistryOptions { Insecure = true });

        Assert.Equal(["Accept", "Accept-Encoding", "Host", "User-Agent"], Assert.Single(_registry.Requests).Headers.Keys.Order(StringComparer.Ordinal));
    }

    private void Resolve(string addresses) => _answers.Enqueue([.. addresses.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)]);

    private Task<OciManifest> ReadAsync(RegistryOptions options) => _client.GetManifestAsync(new OciRepository(Host, Name, options), "1", default);

    private Task<VerifiedBytes> BlobAsync(OciRepository repository) => _client.GetBlobAsync(repository, new OciDescriptor("x/y", OciDigest.Of([1]), 1, default), 10, default);
}
