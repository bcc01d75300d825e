using System.Text;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Oci;
using Microsoft.AspNetCore.Http;

namespace Actors.Verification.Tests.Oci;

public sealed class ReferrersTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private const string BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private readonly OciClient _client = new();
    private readonly OciDigest _subject = OciDigest.Of("image"u8);
    private HostileRegistry _registry = null!;
    private HostileRegistry _other = null!;

    private OciRepository Repository => new(_registry.Host, Name, insecure: true);

    private string ListPath => $"/v2/{Name}/referrers/{_subject}";

    private string FallbackPath => $"/v2/{Name}/manifests/sha256-{_subject.Hex}";

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _other = await HostileRegistry.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task ListReferrersAsync_Api_GivesItsEntriesInOrder()
    {
        _registry.Serve(ListPath, List(Entry("1", BundleType), Entry("2", null), Entry("1", BundleType)), OciMediaTypes.OciIndex);

        var list = await ListAsync();

        Assert.Equal(ReferrerOrigin.Api, list.Origin);
        Assert.Equal([DigestOf("1"), DigestOf("2")], list.Items.Select(r => r.Descriptor.Digest));
        Assert.Equal([BundleType, null], list.Items.Select(r => r.ArtifactType));
    }

    [Fact]
    public async Task ListReferrersAsync_NeitherApiNorFallbackTag_IsEmpty()
    {
        var list = await ListAsync();

        Assert.Empty(list.Items);
        Assert.Equal([ListPath, FallbackPath], _registry.Requests.Select(r => r.Path));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(501)]
    public async Task ListReferrersAsync_RegistryWithoutApi_ReadsTheFallbackTag(int status)
    {
        _registry.Serve(FallbackPath, List(Entry("1", BundleType)), OciMediaTypes.OciIndex);
        _registry.Trick = c => Task.FromResult(Refuse(c, status));

        var list = await ListAsync();

        Assert.Equal(ReferrerOrigin.FallbackTag, list.Origin);
        Assert.Equal(DigestOf("1"), Assert.Single(list.Items).Descriptor.Digest);
    }

    [Theory]
    [InlineData(500, nameof(RegistryFault.Unavailable))]
    [InlineData(401, nameof(RegistryFault.Unauthorized))]
    [InlineData(302, nameof(RegistryFault.Protocol))]
    public async Task ListReferrersAsync_ApiFails_IsNoReasonToLookElsewhere(int status, string fault)
    {
        _registry.Serve(FallbackPath, List(Entry("1", BundleType)), OciMediaTypes.OciIndex);
        _registry.Trick = c => Task.FromResult(Refuse(c, status));

        await RegistryAssert.FaultAsync(Enum.Parse<RegistryFault>(fault), ListAsync);
        Assert.DoesNotContain(_registry.Requests, r => r.Path == FallbackPath);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData(OciMediaTypes.OciManifest)]
    public Task ListReferrersAsync_AnswerThatIsNoIndex_IsProtocol(string type)
    {
        _registry.Serve(ListPath, List(Entry("1", BundleType)), type);
        return RegistryAssert.FaultAsync(RegistryFault.Protocol, ListAsync);
    }

    [Theory]
    [InlineData("{\"manifests\":[]}", OciMediaTypes.OciIndex)]
    [InlineData("{\"schemaVersion\":1,\"manifests\":[]}", OciMediaTypes.OciIndex)]
    [InlineData("{\"schemaVersion\":2}", OciMediaTypes.OciIndex)]
    [InlineData("{\"schemaVersion\":2,\"manifests\":{}}", OciMediaTypes.OciIndex)]
    [InlineData("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"manifests\":[]}", OciMediaTypes.OciIndex)]
    [InlineData("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.docker.distribution.manifest.list.v2+json\",\"manifests\":[]}", OciMediaTypes.DockerIndex)]
    public Task ListReferrersAsync_ListOfAnotherShape_IsProtocol(string body, string type)
    {
        _registry.Serve(ListPath, Encoding.UTF8.GetBytes(body), type);
        return RegistryAssert.FaultAsync(RegistryFault.Protocol, ListAsync);
    }

    [Fact]
    public async Task ListReferrersAsync_JunkEntries_AreCountedAndHideNothing()
    {
        _registry.Serve(ListPath, List(new JsonObject(), Entry("1", BundleType), JsonValue.Create(7)), OciMediaTypes.OciIndex);

        var list = await ListAsync();

        Assert.Single(list.Items);
        Assert.Equal(2, list.Malformed);
    }

    [Fact]
    public async Task ListReferrersAsync_RegistryClaimsToHaveFiltered_EntriesAreLookedAtAgain()
    {
        _registry.Serve(ListPath, List(Entry("sbom", "application/spdx+json"), Entry("1", BundleType), Entry("silent", null)), OciMediaTypes.OciIndex);
        _registry.Trick = c =>
        {
            c.Response.Headers["OCI-Filters-Applied"] = "artifactType";
            return Task.FromResult(false);
        };

        var list = await _client.ListReferrersAsync(Repository, _subject, BundleType, default);

        Assert.Equal([DigestOf("1"), DigestOf("silent")], list.Items.Select(r => r.Descriptor.Digest));
        Assert.Equal("?artifactType=" + Uri.EscapeDataString(BundleType), _registry.Requests.Single().Query);
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(51, false)]
    public async Task ListReferrersAsync_CVE_2023_33957_Entries_AreTakenUpToTheCapAndNeverCutOff(int count, bool taken)
    {
        _registry.Serve(ListPath, List([.. Enumerable.Range(0, count).Select(i => Entry($"{i}", null))]), OciMediaTypes.OciIndex);

        if (taken)
        {
            Assert.Equal(count, (await ListAsync()).Items.Count);
        }
        else
        {
            await RegistryAssert.FaultAsync(RegistryFault.TooLarge, ListAsync, "more than 50 entries");
        }
    }

    [Fact]
    public Task ListReferrersAsync_CVE_2023_33958_TenThousandReferrers_IsTooLarge()
    {
        _registry.Serve(ListPath, List([.. Enumerable.Range(0, 10_000).Select(i => Entry($"{i}", BundleType))]), OciMediaTypes.OciIndex);
        return RegistryAssert.FaultAsync(RegistryFault.TooLarge, ListAsync, "more than 50 entries");
    }

    [Fact]
    public async Task ListReferrersAsync_Pages_AreReadToTheEnd()
    {
        ServePages(3, page => page < 3 ? $"<{ListPath}?last={page}>; rel=\"next\"" : null);

        Assert.Equal([DigestOf("1"), DigestOf("2"), DigestOf("3")], (await ListAsync()).Items.Select(r => r.Descriptor.Digest));
    }

    [Fact]
    public async Task ListReferrersAsync_CVE_2023_46737_EndlessPages_AreTooLarge()
    {
        ServePages(int.MaxValue, page => $"<{ListPath}?last={page}>; rel=\"next\"");

        await RegistryAssert.FaultAsync(RegistryFault.TooLarge, ListAsync, "more than 10 pages");
        Assert.Equal(10, _registry.Requests.Count);
    }

    [Fact]
    public async Task ListReferrersAsync_LinkLoop_IsProtocol()
    {
        ServePages(int.MaxValue, _ => $"<{ListPath}>; rel=next");

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, ListAsync, "read before");
        Assert.Single(_registry.Requests);
    }

    [Theory]
    [InlineData("<http://OTHER/v2/a/b/referrers/x>; rel=\"next\"")]
    [InlineData("<http://169.254.169.254/latest/meta-data/>; rel=\"next\"")]
    [InlineData("</v2/c/d/referrers/x>; rel=\"next\"")]
    [InlineData("</v2/>; a=\"b\"; rel=next")]
    [InlineData("<?a=1>; rel=\"next\", <?a=2>; rel=\"next\"")]
    public async Task ListReferrersAsync_LinkToElsewhere_IsForbiddenAndNotAskedFor(string link)
    {
        ServePages(int.MaxValue, _ => link.Replace("OTHER", _other.Host, StringComparison.Ordinal));

        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, ListAsync, "not followed");
        Assert.Empty(_other.Requests);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task ListReferrersAsync_LinkTooLongToRead_IsNotTakenForTheEnd()
    {
        ServePages(int.MaxValue, _ => $"<{ListPath}>; rel=\"prev\"; title=\"{new string('x', 9000)}\"");

        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, ListAsync, "not followed");
    }

    [Fact]
    public async Task ListReferrersAsync_LinkThatIsNotNext_IsTheEnd()
    {
        ServePages(int.MaxValue, _ => "<http://elsewhere/>; rel=\"prev\"");

        Assert.Single((await ListAsync()).Items);
    }

    [Fact]
    public async Task GetReferrerAsync_ManifestOfAnotherSubject_IsProtocol()
    {
        var mine = Attachment(_subject);
        var foreign = Attachment(OciDigest.Of("another image"u8));
        _registry.Serve($"/v2/{Name}/manifests/{RegistryPusher.DigestOf(mine)}", mine, OciMediaTypes.OciManifest);
        _registry.Serve($"/v2/{Name}/manifests/{RegistryPusher.DigestOf(foreign)}", foreign, OciMediaTypes.OciManifest);

        var manifest = await _client.GetReferrerAsync(Repository, _subject, ReferrerTo(mine), default);

        Assert.Equal(BundleType, manifest.ArtifactType);
        await RegistryAssert.FaultAsync(RegistryFault.Protocol, () => _client.GetReferrerAsync(Repository, _subject, ReferrerTo(foreign), default), "as its subject");
    }

    private static byte[] Attachment(OciDigest subject) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = OciMediaTypes.OciManifest,
        ["artifactType"] = BundleType,
        ["config"] = TestImages.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
        ["layers"] = new JsonArray(),
        ["subject"] = new JsonObject { ["mediaType"] = OciMediaTypes.OciManifest, ["size"] = 5, ["digest"] = subject.ToString() },
    }.ToJsonString());

    private static Referrer ReferrerTo(byte[] manifest) => new(new OciDescriptor(OciMediaTypes.OciManifest, OciDigest.Of(manifest), manifest.Length, default), ArtifactType: null);

    private Task<ReferrerList> ListAsync() => _client.ListReferrersAsync(Repository, _subject, artifactType: null, default);

    private bool Refuse(HttpContext context, int status)
    {
        if (context.Request.Path != ListPath)
        {
            return false;
        }

        context.Response.StatusCode = status;
        return true;
    }

    private void ServePages(int most, Func<int, string?> link)
    {
        var page = 0;
        _registry.Trick = async c =>
        {
            page++;
            Assert.True(page <= most);
            c.Response.ContentType = OciMediaTypes.OciIndex;
            if (link(page) is { } value)
            {
                c.Response.Headers.Link = value;
            }

            await c.Response.Body.WriteAsync(List(Entry($"{page}", null)));
            return true;
        };
    }

    private static OciDigest DigestOf(string text) => OciDigest.Of(Encoding.UTF8.GetBytes(text));

    private static JsonObject Entry(string text, string? artifactType)
    {
        var entry = TestImages.Descriptor(OciMediaTypes.OciManifest, Encoding.UTF8.GetBytes(text));
        if (artifactType is not null)
        {
            entry["artifactType"] = artifactType;
        }

        return entry;
    }

    private static byte[] List(params JsonNode[] entries) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = OciMediaTypes.OciIndex, ["manifests"] = new JsonArray(entries) }.ToJsonString());
}
