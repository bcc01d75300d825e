using System.Text;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

public sealed class OciLayoutTests : IDisposable
{
    private const string BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private static readonly OciRepository Anywhere = new("registry.test", "a/b");
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-layout-").FullName;
    private readonly JsonArray _entries = [];
    private readonly TestImage _image = TestImages.Text("x");

    public OciLayoutTests()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "blobs", "sha256"));
        File.WriteAllText(Path.Combine(_directory, "oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Add(_image.Manifest, _image.MediaType, "1");
        Blob(_image.Config);
    }

    private OciDigest Digest => OciDigest.Of(_image.Manifest);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task GetManifestAsync_ByTagAndDigest_ReadsTheSame()
    {
        var layout = Open();

        Assert.Equal(Digest, (await layout.GetManifestAsync(Anywhere, "1", default)).Digest);
        Assert.Equal(Digest, (await layout.GetManifestAsync(Anywhere, Digest, default)).Digest);
        Assert.Equal(Digest, (await layout.ResolveAsync(Anywhere, "1", null, OciPlatform.Host, default)).Image.Digest);
        Assert.Equal(Digest, layout.OnlyImage);
        Assert.Null(await layout.FindManifestAsync(Anywhere, "2", default));
    }

    [Fact]
    public async Task GetManifestAsync_FullReferenceAsName_IsFoundByItsTag()
    {
        var other = TestImages.Text("y");
        Add(other.Manifest, other.MediaType, "ghcr.io/acme/tool:2");

        Assert.Equal(other.Digest, (await Open().GetManifestAsync(Anywhere, "2", default)).Digest.ToString());
        Assert.Null(Open().OnlyImage);
    }

    [Fact]
    public void OnlyImage_AttachmentThatHasAName_IsNoImage()
    {
        var signature = TestImages.Text("signature");
        Add(signature.Manifest, signature.MediaType, $"sha256-{Digest.Hex}.sig");

        Assert.Equal(Digest, Open().OnlyImage);
    }

    [Fact]
    public Task GetManifestAsync_TagOfTwoManifests_IsProtocol()
    {
        var other = TestImages.Text("y");
        Add(other.Manifest, other.MediaType, "1");
        return RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetManifestAsync(Anywhere, "1", default), "names 2 manifests");
    }

    [Fact]
    public async Task Reads_FileWithOtherContent_AreProtocol()
    {
        File.WriteAllBytes(PathOf(Digest), TestImages.Text("evil").Manifest);
        File.WriteAllBytes(PathOf(OciDigest.Of(_image.Config)), new byte[_image.Config.Length]);

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetManifestAsync(Anywhere, "1", default), "other content");
        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetManifestAsync(Anywhere, Digest, default), "other content");
        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetBlobAsync(Anywhere, Config(0), 10_000, default), "other content");
    }

    [Fact]
    public async Task GetBlobAsync_SizeOverTheCapOrWrong_IsRefused()
    {
        await RegistryAssert.FaultAsync(RegistryFault.TooLarge, () => Open().GetBlobAsync(Anywhere, Config(0), 1, default));
        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetBlobAsync(Anywhere, Config(1), 10_000, default), "other content");
        Assert.Equal(_image.Config, (await Open().GetBlobAsync(Anywhere, Config(0), 10_000, default)).Memory.ToArray());
    }

    [Fact]
    public async Task ListReferrersAsync_SubjectsAndFallbackTag_AreBothFoundOnce()
    {
        var one = Attachment(Digest, BundleType);
        var two = Attachment(Digest, "application/spdx+json");
        Add(one, OciMediaTypes.OciManifest, name: null);
        Add(Attachment(OciDigest.Of("else"u8), BundleType), OciMediaTypes.OciManifest, name: null);
        Blob(two);
        var list = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = OciMediaTypes.OciIndex,
            ["manifests"] = new JsonArray(TestImages.Descriptor(OciMediaTypes.OciManifest, one), TestImages.Descriptor(OciMediaTypes.OciManifest, two)),
        };
        Add(Encoding.UTF8.GetBytes(list.ToJsonString()), OciMediaTypes.OciIndex, $"sha256-{Digest.Hex}");

        var found = await Open().ListReferrersAsync(Anywhere, Digest, artifactType: null, default);

        Assert.Equal(ReferrerOrigin.Layout, found.Origin);
        Assert.Equal([OciDigest.Of(one), OciDigest.Of(two)], found.Items.Select(r => r.Descriptor.Digest));
        Assert.Equal(BundleType, (await Open().GetReferrerAsync(Anywhere, Digest, found.Items[0], default)).ArtifactType);
    }

    [Fact]
    public async Task ListReferrersAsync_JunkEntries_AreCountedAndHideNothing()
    {
        Add("junk"u8.ToArray(), OciMediaTypes.OciManifest, name: null);
        Add(Attachment(Digest, BundleType), OciMediaTypes.OciManifest, name: null);

        var found = await Open().ListReferrersAsync(Anywhere, Digest, artifactType: null, default);

        Assert.Single(found.Items);
        Assert.Equal(1, found.Malformed);
        Assert.Equal(Digest, Open().OnlyImage);
    }

    [Fact]
    public async Task GetManifestAsync_Schema1InALayout_IsProtocol()
    {
        var old = "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.v1+json\"}"u8.ToArray();
        Blob(old);

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => Open().GetManifestAsync(Anywhere, OciDigest.Of(old), default), "schema 1");
    }

    [Fact]
    public void Open_TooManyManifests_IsTooLarge()
    {
        for (var i = 0; i < 1000; i++)
        {
            _entries.Add((JsonNode)TestImages.Descriptor("x/y", [(byte)i]));
        }

        Assert.Equal(RegistryFault.TooLarge, Assert.Throws<RegistryException>(Open).Fault);
    }

    [Fact]
    public Task GetManifestAsync_FileOverTheCap_IsTooLarge()
    {
        File.WriteAllBytes(PathOf(Digest), new byte[(4 * 1024 * 1024) + 1]);
        return RegistryAssert.FaultAsync(RegistryFault.TooLarge, () => Open().GetManifestAsync(Anywhere, "1", default), "4194304");
    }

    [Theory]
    [InlineData("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", nameof(RegistryFault.Protocol))]
    [InlineData("oci-layout", null, nameof(RegistryFault.NotFound))]
    [InlineData("index.json", null, nameof(RegistryFault.NotFound))]
    [InlineData("index.json", "{\"schemaVersion\":2}", nameof(RegistryFault.Protocol))]
    [InlineData("index.json", "{\"schemaVersion\":2,\"manifests\":[{}]}", nameof(RegistryFault.Protocol))]
    [InlineData("index.json", "{\"manifests\":[]}", nameof(RegistryFault.Protocol))]
    [InlineData("index.json", "{\"schemaVersion\":2,\"manifests\":{}}", nameof(RegistryFault.Protocol))]
    [InlineData("index.json", "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"manifests\":[]}", nameof(RegistryFault.Protocol))]
    [InlineData("index.json", "nothing", nameof(RegistryFault.Protocol))]
    public void Open_NoLayout_IsATypedFailure(string file, string? content, string fault)
    {
        Write();
        File.Delete(Path.Combine(_directory, file));
        if (content is not null)
        {
            File.WriteAllText(Path.Combine(_directory, file), content);
        }

        Assert.Equal(fault, Assert.Throws<RegistryException>(() => OciLayout.Open(_directory)).Fault.ToString());
    }

    [Fact]
    public void Open_FileThatCannotBeRead_IsUnavailable()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "index.json"));

        Assert.Equal(RegistryFault.Unavailable, Assert.Throws<RegistryException>(() => OciLayout.Open(_directory)).Fault);
    }

    [Fact]
    public Task GetManifestAsync_TagThatIsNotThere_IsNotFound() =>
        RegistryAssert.FaultAsync(RegistryFault.NotFound, () => Open().GetManifestAsync(Anywhere, "2", default), "Tag 2");

    private static byte[] Attachment(OciDigest subject, string type) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = OciMediaTypes.OciManifest,
        ["artifactType"] = type,
        ["layers"] = new JsonArray(),
        ["subject"] = new JsonObject { ["mediaType"] = OciMediaTypes.OciManifest, ["size"] = 1, ["digest"] = subject.ToString() },
    }.ToJsonString());

    private OciDescriptor Config(int off) => new("x/y", OciDigest.Of(_image.Config), _image.Config.Length + off, default);

    private string PathOf(OciDigest digest) => Path.Combine(_directory, "blobs", "sha256", digest.Hex);

    private void Blob(byte[] bytes) => File.WriteAllBytes(PathOf(OciDigest.Of(bytes)), bytes);

    private void Add(byte[] manifest, string type, string? name)
    {
        Blob(manifest);
        var entry = TestImages.Descriptor(type, manifest);
        if (name is not null)
        {
            entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        }

        _entries.Add((JsonNode)entry);
    }

    private void Write() =>
        File.WriteAllText(Path.Combine(_directory, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = _entries.DeepClone() }.ToJsonString());

    private OciLayout Open()
    {
        Write();
        return OciLayout.Open(_directory);
    }
}
