using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>Against docker-registry 2.8: Basic authentication, no referrers endpoint, strict about Accept.</summary>
public sealed class RealRegistryTests : IAsyncLifetime
{
    private const string Password = "correct horse";
    private const string Htpasswd = "robot:$2b$04$VrqMmfCyyvW0UJyTlPEsHe66SibWZ6yR2hmVDqJpBohM26JjTYnCO";
    private readonly TestImage _image = TestImages.Text("x");
    private LocalRegistry _registry = null!;

    private OciRepository Repository => new(_registry.Host, "a/b", insecure: true);

    private OciDigest Digest => OciDigest.Of(_image.Manifest);

    public async Task InitializeAsync()
    {
        _registry = await LocalRegistry.StartAsync(Htpasswd, Password);
        await _registry.Pusher.PushAsync("a/b", "1", _image);
    }

    public Task DisposeAsync() => _registry.DisposeAsync().AsTask();

    [Fact]
    public async Task Reads_WithPassword_Work()
    {
        using var client = Client(Password);

        var manifest = await client.GetManifestAsync(Repository, "1", default);
        var config = await client.GetBlobAsync(Repository, new OciDescriptor("x/y", OciDigest.Of(_image.Config), _image.Config.Length, default), 10_000, default);

        Assert.Equal(Digest, manifest.Digest);
        Assert.Equal(_image.Config, config.Memory.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task Reads_WithoutOrWithAnotherPassword_AreUnauthorized(string? password)
    {
        using var client = Client(password);

        await RegistryAssert.FaultAsync(RegistryFault.Unauthorized, () => client.GetManifestAsync(Repository, "1", default));
    }

    [Fact]
    public async Task ListReferrersAsync_NoEndpoint_ReadsTheFallbackTag()
    {
        using var client = Client(Password);
        Assert.Empty((await client.ListReferrersAsync(Repository, Digest, artifactType: null, default)).Items);
        var attachment = TestImages.Text("stands for a bundle");
        await _registry.Pusher.PushAsync("a/b", "attachment", attachment);
        var list = $$"""{"schemaVersion":2,"mediaType":"{{OciMediaTypes.OciIndex}}","manifests":[{{TestImages.Descriptor(attachment.MediaType, attachment.Manifest).ToJsonString()}}]}""";
        await _registry.Pusher.PushManifestAsync("a/b", $"sha256-{Digest.Hex}", System.Text.Encoding.UTF8.GetBytes(list), OciMediaTypes.OciIndex);

        var found = await client.ListReferrersAsync(Repository, Digest, artifactType: null, default);

        Assert.Equal(ReferrerOrigin.FallbackTag, found.Origin);
        Assert.Equal(attachment.Digest, Assert.Single(found.Items).Descriptor.Digest.ToString());
    }

    private OciClient Client(string? password) => new(new OciClientOptions
    {
        Credentials = password is null ? AnonymousCredentials.Instance : new KnownCredentials().With(_registry.Host, RegistryCredential.Basic("robot", password)),
    });
}
