using System.Text;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;
using Actors.Verification.Tests.Oci;
using Actors.Verification.Cosign;
using Actors.Verification.Cryptography;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Cosign;

/// <summary>One otherwise valid signature per check that must hold.</summary>
public sealed class TagSignatureTests : IAsyncLifetime
{
    private const string Name = "examples/tool";
    private readonly TestImage _image = TestImages.Text("image");
    private readonly CosignTestSigner _signer = new();
    private readonly OciClient _client = new();
    private HostileRegistry _registry = null!;

    public async Task InitializeAsync() => _registry = await HostileRegistry.StartAsync();

    public async Task DisposeAsync()
    {
        await _registry.DisposeAsync();
        _client.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public async Task VerifyAsync_GoodSignature_Verifies()
    {
        var outcome = await VerifyAsync(_signer.Sign(_image.Digest));

        Assert.Null(outcome.Code);
        Assert.True(Assert.Single(outcome.Evidence).Passed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task VerifyAsync_JunkBesidesAGoodSignature_Verifies(bool junkFirst)
    {
        var good = _signer.Sign(_image.Digest);
        foreach (var junk in JunkSignatures())
        {
            var outcome = await VerifyAsync(junkFirst ? [junk, good] : [good, junk]);

            Assert.Null(outcome.Code);
            Assert.True(outcome.Evidence[^1].Passed);
        }
    }

    [Fact]
    public async Task VerifyAsync_OnlyJunk_IsInvalidAndSaysWhyPerSignature()
    {
        var junk = JunkSignatures();

        var outcome = await VerifyAsync(junk);

        Assert.Equal(RefusalCodes.SignatureInvalid, outcome.Code);
        Assert.Equal(junk.Length, outcome.Evidence.Count);
        Assert.All(outcome.Evidence, e => Assert.True(!e.Passed && e.Facts["why"].Length > 0));
    }

    [Fact]
    public Task VerifyAsync_CVE_2022_36056_PayloadOfAnotherImage_IsInvalid() =>
        InvalidAsync(_signer.Sign(TestImages.Text("other").Digest), "another image", RefusalCodes.DigestMismatch);

    [Fact]
    public Task VerifyAsync_CVE_2022_35929_WrongCriticalType_IsInvalid() =>
        InvalidAsync(_signer.SignPayload(CosignTestSigner.PayloadOf(_image.Digest, "atomic container signature")), "critical.type");

    [Fact]
    public Task VerifyAsync_DigestOutsideCritical_IsInvalid() =>
        InvalidAsync(SignText($$"""{"critical":{"type":"cosign container image signature","image":{} },"image":{"docker-manifest-digest":"{{_image.Digest}}"} }"""), "another image", RefusalCodes.DigestMismatch);

    [Fact]
    public Task VerifyAsync_DuplicatePropertyInPayload_IsInvalid() =>
        InvalidAsync(
            SignText($$$"""{"critical":{"type":"cosign container image signature","image":{"docker-manifest-digest":"sha256:00","docker-manifest-digest":"{{{_image.Digest}}}"} } }"""),
            "duplicate");

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"critical\":[]}")]
    [InlineData("{\"critical\":{\"type\":\"\\ud800\"}}")]
    public async Task VerifyAsync_SignedNonsense_IsInvalid(string payload)
    {
        var outcome = await VerifyAsync(SignText(payload));

        Assert.Equal(RefusalCodes.SignatureInvalid, outcome.Code);
    }

    [Fact]
    public async Task VerifyAsync_CVE_2022_23649_SignatureOfAnotherPayload_IsInvalid()
    {
        var signature = _signer.Sign(_image.Digest);
        signature.Descriptor["annotations"]![CosignTestSigner.SignatureAnnotation] = Convert.ToBase64String(_signer.SignBytes("other"u8.ToArray()));

        await InvalidAsync(signature, "signature");
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\n")]
    public async Task VerifyAsync_SignatureWithWhiteSpace_IsInvalid(string space)
    {
        var signature = _signer.Sign(_image.Digest);
        var annotations = signature.Descriptor["annotations"]!;
        annotations[CosignTestSigner.SignatureAnnotation] = annotations[CosignTestSigner.SignatureAnnotation]!.GetValue<string>() + space;

        await InvalidAsync(signature, "base64");
    }

    [Fact]
    public async Task VerifyAsync_OtherLayerType_IsInvalid()
    {
        var signature = _signer.Sign(_image.Digest);
        signature.Descriptor["mediaType"] = "application/octet-stream";

        await InvalidAsync(signature, "mediaType");
    }

    [Fact]
    public async Task VerifyAsync_CVE_2023_47630_PayloadSwappedUnderItsDigest_IsInvalid()
    {
        // The swapped payload is signed well; only its digest tells that it is not what the manifest lists.
        var other = _signer.SignPayload([.. CosignTestSigner.PayloadOf(_image.Digest), (byte)' ']);
        var listed = _signer.Sign(_image.Digest);
        listed.Descriptor["annotations"] = other.Descriptor["annotations"]!.DeepClone();
        listed.Descriptor["size"] = other.Payload.Length;
        AddList(listed);
        _registry.Serve($"/v2/{Name}/blobs/{RegistryPusher.DigestOf(listed.Payload)}", other.Payload, "application/octet-stream");

        Contains(await VerifyAsync(), "other content");
    }

    [Fact]
    public async Task VerifyAsync_PayloadOfAnotherSize_IsInvalid()
    {
        var signature = _signer.Sign(_image.Digest);
        signature.Descriptor["size"] = signature.Payload.Length + 1;

        await InvalidAsync(signature, "other content");
    }

    [Fact]
    public async Task VerifyAsync_CVE_2023_46737_PayloadOverTheCap_IsNotFetched()
    {
        var signature = _signer.SignPayload([.. CosignTestSigner.PayloadOf(_image.Digest), .. Enumerable.Repeat((byte)' ', new OciLimits().PayloadBytes)]);

        await InvalidAsync(signature, "1048576");
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task VerifyAsync_ListWithoutLayers_IsUnsigned()
    {
        AddList();

        Assert.Equal(RefusalCodes.Unsigned, (await VerifyAsync()).Code);
    }

    [Fact]
    public async Task VerifyAsync_OnePayloadUnavailableAnotherGood_Verifies()
    {
        var lost = _signer.SignPayload("lost"u8.ToArray());
        _registry.Trick = context =>
        {
            var hit = context.Request.Path.Value!.EndsWith(RegistryPusher.DigestOf(lost.Payload), StringComparison.Ordinal);
            context.Response.StatusCode = hit ? 500 : 200;
            return Task.FromResult(hit);
        };

        Assert.Null((await VerifyAsync(lost, _signer.Sign(_image.Digest))).Code);
        Assert.Equal(RefusalCodes.RegistryUnavailable, (await VerifyAsync(lost)).Code);
    }

    private TestSignature[] JunkSignatures()
    {
        using var stranger = new CosignTestSigner();
        var unreadable = _signer.Sign(_image.Digest);
        unreadable.Descriptor["annotations"] = new JsonObject { [CosignTestSigner.SignatureAnnotation] = "%%%" };
        var without = _signer.Sign(_image.Digest);
        without.Descriptor.Remove("annotations");
        var broken = _signer.Sign(_image.Digest);
        broken.Descriptor.Remove("digest");
        var absent = _signer.Sign(_image.Digest);
        absent.Descriptor["digest"] = "sha256:" + new string('0', 64);
        var notDer = _signer.Sign(_image.Digest);
        notDer.Descriptor["annotations"] = new JsonObject { [CosignTestSigner.SignatureAnnotation] = "AAAA" };
        return [stranger.Sign(_image.Digest), unreadable, without, broken, absent, notDer, _signer.SignPayload("{}"u8.ToArray())];
    }

    private TestSignature SignText(string payload) => _signer.SignPayload(Encoding.UTF8.GetBytes(payload));

    private async Task InvalidAsync(TestSignature signature, string why, string code = RefusalCodes.SignatureInvalid) => Contains(await VerifyAsync(signature), why, code);

    private static void Contains(Outcome outcome, string why, string code = RefusalCodes.SignatureInvalid)
    {
        Assert.Equal(code, outcome.Code);
        Assert.Contains(why, Assert.Single(outcome.Evidence).Facts["why"], StringComparison.Ordinal);
    }

    private void AddList(params TestSignature[] signatures) => _registry.Add(Name, CosignTestSigner.TagOf(_image.Digest), CosignTestSigner.ManifestOf(signatures));

    private async Task<Outcome> VerifyAsync(params TestSignature[] signatures)
    {
        if (signatures.Length > 0)
        {
            AddList(signatures);
        }

        Assert.True(TrustedPublicKey.TryParse("demo.pub", _signer.PublicKeyPem, out var key, out var fault), fault);
        Assert.True(OciDigest.TryParse(_image.Digest, out var digest));
        var by = new SignatoryRule("demo.pub", "demo", new BundleDemands(new KeySignatory(key), RequireTransparencyLog: false), Root: null);
        var attachments = new Attachments(_client, new OciRepository(_registry.Host, Name, insecure: true), digest);
        var checker = new RequirementChecker(attachments, Name, digest, TimeProvider.System);
        var refusal = await checker.CheckAsync(new SignatureRequirement("any[0]", by), CancellationToken.None);
        return new Outcome(refusal?.Code, checker.Evidence.Items);
    }

    private sealed record Outcome(string? Code, IReadOnlyList<DecisionEvidence> Evidence);
}
