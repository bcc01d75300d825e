using System.Text;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

public sealed class ImageResolverTests
{
    private static readonly OciPlatform Amd64 = new("linux", "amd64");

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", 1)]
    [InlineData("linux/amd64", "linux/amd64/v1", 1)]
    [InlineData("linux/amd64", "linux/x86_64", 1)]
    [InlineData("linux/amd64", "linux/amd64/v3", 0)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", 2)]
    [InlineData("linux/amd64", "linux/arm64", 0)]
    [InlineData("linux/amd64", "windows/amd64", 0)]
    [InlineData("linux/amd64", "unknown/unknown", 0)]
    [InlineData("linux/amd64", "linux/amd64/vX", 0)]
    [InlineData("linux/amd64", "linux/amd64/v1x", 0)]
    [InlineData("linux/arm64", "linux/arm64/v8", 8)]
    [InlineData("linux/arm64", "linux/aarch64", 8)]
    [InlineData("linux/arm64", "linux/arm64/v9", 0)]
    [InlineData("linux/arm", "linux/arm/v7", 7)]
    [InlineData("linux/arm", "linux/arm/v6", 6)]
    [InlineData("linux/arm/v6", "linux/arm/v7", 0)]
    [InlineData("linux/s390x", "linux/s390x", 1)]
    public void Rate_Platform_FitsWithoutWhatTheProcessorLacks(string wanted, string offered, int rate)
    {
        Assert.True(OciPlatform.TryParse(wanted, out var mine));
        Assert.True(OciPlatform.TryParse(offered, out var theirs));
        Assert.Equal(rate, mine.Rate(theirs));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("linux")]
    [InlineData("linux/")]
    [InlineData("linux/arm/v7/x")]
    public void TryParse_NoPlatform_IsRefused(string? text) => Assert.False(OciPlatform.TryParse(text, out _));

    [Fact]
    public void Choose_Index_TakesTheFirstOfTheBestEntries()
    {
        var index = Index(
            Entry("none", null),
            Entry("attestation", "unknown/unknown"),
            Entry("windows", "windows/amd64"),
            Entry("layer", "linux/arm/v7", "application/vnd.oci.image.layer.v1.tar"),
            Entry("old", "linux/arm/v6"),
            Entry("right", "linux/arm/v7"),
            Entry("again", "linux/arm/v7"));

        Assert.Equal(OciDigest.Of("right"u8), ImageResolver.Choose(index, new OciPlatform("linux", "arm"), "x").Digest);
    }

    [Fact]
    public void Choose_NothingForThePlatform_IsNoPlatform()
    {
        var e = Assert.Throws<RegistryException>(() => ImageResolver.Choose(Index(Entry("none", null), Entry("arm", "linux/arm64")), Amd64, "the image"));

        Assert.Equal(RegistryFault.NoPlatform, e.Fault);
        Assert.Contains("linux/amd64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResolveAsync_Image_IsItself()
    {
        await using var registry = await HostileRegistry.StartAsync();
        using var client = new OciClient();
        var image = TestImages.Text("x");
        registry.Add("a/b", "latest", image);

        var resolved = await client.ResolveAsync(new OciRepository(registry.Host, "a/b", insecure: true), tag: null, digest: null, Amd64, default);

        Assert.False(resolved.IsIndex);
        Assert.Equal(image.Digest, resolved.Image.Digest.ToString());
    }

    [Fact]
    public async Task ResolveAsync_DigestAndTag_TheDigestWins()
    {
        await using var registry = await HostileRegistry.StartAsync();
        using var client = new OciClient();
        registry.Add("a/b", "1", TestImages.Text("moved"));
        registry.Add("a/b", "0", TestImages.Text("x"));
        var digest = OciDigest.Of(TestImages.Text("x").Manifest);

        var resolved = await client.ResolveAsync(new OciRepository(registry.Host, "a/b", insecure: true), "1", digest, Amd64, default);

        Assert.Equal(digest, resolved.Top.Digest);
    }

    [Theory]
    [InlineData("size")]
    [InlineData("bytes")]
    [InlineData("type")]
    public async Task ResolveAsync_ChildThatIsNotWhatTheVerifiedIndexLists_IsProtocol(string wrong)
    {
        await using var registry = await HostileRegistry.StartAsync();
        using var client = new OciClient();
        var child = TestImages.Text("child");
        var entry = TestImages.Descriptor(wrong == "type" ? OciMediaTypes.DockerManifest : child.MediaType, child.Manifest);
        entry["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" };
        entry["size"] = child.Manifest.Length + (wrong == "size" ? 1 : 0);
        var index = IndexBytes(entry);
        registry.Serve("/v2/a/b/manifests/1", index, OciMediaTypes.OciIndex);
        registry.Serve($"/v2/a/b/manifests/{child.Digest}", wrong == "bytes" ? TestImages.Text("evil").Manifest : child.Manifest, child.MediaType);

        await RegistryAssert.FaultAsync(
            RegistryFault.Protocol, () => client.ResolveAsync(new OciRepository(registry.Host, "a/b", insecure: true), "1", digest: null, Amd64, default));
    }

    private static JsonObject Entry(string text, string? platform, string mediaType = OciMediaTypes.OciManifest)
    {
        var entry = TestImages.Descriptor(mediaType, Encoding.UTF8.GetBytes(text));
        if (OciPlatform.TryParse(platform, out var parsed))
        {
            entry["platform"] = new JsonObject { ["os"] = parsed.Os, ["architecture"] = parsed.Architecture, ["variant"] = parsed.Variant };
        }

        return entry;
    }

    private static byte[] IndexBytes(params JsonNode[] entries) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = OciMediaTypes.OciIndex, ["manifests"] = new JsonArray(entries) }.ToJsonString());

    private static OciManifest Index(params JsonNode[] entries) => OciManifest.Parse("Index", OciMediaTypes.OciIndex, VerifiedBytes.Named(IndexBytes(entries)));
}
