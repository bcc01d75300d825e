using System.Text;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Cosign;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Oci;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Cosign;

/// <summary>What a referrer's manifest may hold besides the bundle: nothing.</summary>
public sealed class BundleCandidateTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private const string Broken = "";
    private const string BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private readonly OciClient _client = new();
    private readonly Recipe _recipe = Recipe.Of(keyless: true, dsse: false, rekor: 1);
    private HostileRegistry _registry = null!;

    public async Task InitializeAsync() => _registry = await HostileRegistry.StartAsync();

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task VerifyAsync_OneBundle_Verifies() => Assert.NotNull(await VerifyAsync(BundleType, BundleType));

    [Fact]
    public async Task VerifyAsync_AnotherThing_IsNone() => Assert.Null(await VerifyAsync("application/spdx+json", "text/plain"));

    [Fact]
    public Task VerifyAsync_SaysBundleAndHoldsNone_IsRefused() => RefusedAsync("bundle_layer_missing", BundleType, "text/plain");

    [Fact]
    public Task VerifyAsync_MoreThanTheBundle_IsRefused() => RefusedAsync("bundle_layer_ambiguous", BundleType, BundleType, "text/plain");

    [Fact]
    public Task VerifyAsync_TwoBundles_IsRefused() => RefusedAsync("bundle_layer_ambiguous", BundleType, BundleType, BundleType);

    [Fact]
    public async Task VerifyAsync_AnotherThingWithABrokenLayer_IsNone() => Assert.Null(await VerifyAsync("application/spdx+json", Broken, "text/plain"));

    private async Task RefusedAsync(string code, string artifactType, params string[] layers) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<VerificationException>(() => VerifyAsync(artifactType, layers))).Code);

    private async Task<VerifiedBundle?> VerifyAsync(string artifactType, params string[] layers)
    {
        var fixture = _recipe.Build();
        var image = OciDigest.Of(fixture.Artifact);
        _registry.Serve($"/v2/{Name}/blobs/{RegistryPusher.DigestOf(fixture.Bundle)}", fixture.Bundle, "application/octet-stream");
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = OciMediaTypes.OciManifest,
            ["artifactType"] = artifactType,
            ["config"] = TestImages.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
            ["layers"] = new JsonArray([.. layers.Select(type => type == Broken ? new JsonObject() : TestImages.Descriptor(type, fixture.Bundle))]),
            ["subject"] = TestImages.Descriptor(OciMediaTypes.OciManifest, fixture.Artifact),
        };
        var bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        _registry.Serve($"/v2/{Name}/manifests/{OciDigest.Of(bytes)}", bytes, OciMediaTypes.OciManifest);
        Assert.True(OciDescriptor.TryRead(System.Text.Json.JsonElement.Parse(TestImages.Descriptor(OciMediaTypes.OciManifest, bytes).ToJsonString()), out var descriptor));
        var candidate = new BundleCandidate(_client, new OciRepository(_registry.Host, Name, insecure: true), new Referrer(descriptor, artifactType), ReferrerOrigin.Api);
        return await candidate.VerifyAsync(image, Demands.For(_recipe, fixture), CancellationToken.None);
    }
}
