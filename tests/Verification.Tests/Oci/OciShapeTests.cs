using System.Text;
using System.Text.Json;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>Manifests and descriptors, each wrong in one thing.</summary>
public sealed class OciShapeTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Entry = "{\"mediaType\":\"t\",\"digest\":\"" + Digest + "\",\"size\":1}";

    [Theory]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":\"2\"}")]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":2.5}")]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":1}")]
    [InlineData(OciMediaTypes.OciManifest, "{}")]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":2,\"mediaType\":5}")]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":2,\"mediaType\":\"x/y\"}")]
    [InlineData(OciMediaTypes.OciManifest, "{\"schemaVersion\":2,\"manifests\":[]}")]
    [InlineData(OciMediaTypes.DockerManifest, "{\"schemaVersion\":2}")]
    [InlineData(OciMediaTypes.DockerIndex, "{\"schemaVersion\":2,\"manifests\":[]}")]
    [InlineData(OciMediaTypes.OciIndex, "{\"schemaVersion\":2}")]
    [InlineData(OciMediaTypes.OciIndex, "{\"schemaVersion\":2,\"manifests\":{}}")]
    [InlineData(OciMediaTypes.OciIndex, "{\"schemaVersion\":2,\"manifests\":[{}]}")]
    [InlineData(OciMediaTypes.OciIndex, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}")]
    [InlineData(OciMediaTypes.OciIndex, "{\"schemaVersion\":2,\"manifests\":[],\"config\":{}}")]
    public void Parse_OtherShape_IsProtocol(string type, string json) =>
        Assert.Equal(RegistryFault.Protocol, Assert.Throws<RegistryException>(() => OciManifest.Parse("It", type, VerifiedBytes.Named(Encoding.UTF8.GetBytes(json)))).Fault);

    [Fact]
    public void TryRead_Descriptor_IsRead() => Assert.True(OciDescriptor.TryRead(JsonElement.Parse(Entry), out _));

    [Theory]
    [InlineData("\"size\":1", "\"size\":\"1\"")]
    [InlineData("\"size\":1", "\"size\":-1")]
    [InlineData("\"size\":1", "\"size\":1.5")]
    [InlineData("\"size\":1", "\"sizes\":1")]
    [InlineData("\"mediaType\":\"t\"", "\"mediaType\":\"\"")]
    [InlineData("\"mediaType\":\"t\"", "\"mediaType\":5")]
    [InlineData("sha256:0", "sha256:g")]
    [InlineData(Entry, "5")]
    public void TryRead_OtherShape_IsRefused(string what, string by) => Assert.False(OciDescriptor.TryRead(JsonElement.Parse(Entry.Replace(what, by, StringComparison.Ordinal)), out _));
}
