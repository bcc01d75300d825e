using System.Text;
using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class BundleReaderTests
{
    [Theory]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.3")]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.3+json")]
    public void Parse_KnownMediaType_IsRead(string mediaType) =>
        Assert.Equal(BundleFormat.V03, Parse(b => b["mediaType"] = mediaType).Format);

    [Theory]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.4+json")]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.3 ")]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.2+json")]
    [InlineData("")]
    public void Parse_OtherMediaType_IsRefused(string mediaType) => Refused("media_type_unsupported", b => b["mediaType"] = mediaType);

    [Fact]
    public void Parse_ChainInVersion03_IsRefused() => Refused("chain_not_allowed", b =>
    {
        var certificate = b["verificationMaterial"]!["certificate"]!.DeepClone();
        b["verificationMaterial"]!.AsObject().Remove("certificate");
        b["verificationMaterial"]!["x509CertificateChain"] = new JsonObject { ["certificates"] = new JsonArray(certificate) };
    });

    [Fact]
    public void Parse_CertificateAndKey_IsRefused() =>
        Refused("material_ambiguous", b => b["verificationMaterial"]!["publicKey"] = new JsonObject { ["hint"] = "x" });

    [Fact]
    public void Parse_NoMaterial_IsRefused() => Refused("material_ambiguous", b => b["verificationMaterial"]!.AsObject().Remove("certificate"));

    [Fact]
    public void Parse_NoContent_IsRefused() => Refused("content_ambiguous", b => b.AsObject().Remove("messageSignature"));

    [Fact]
    public void Parse_TwoContents_IsRefused() => Refused("content_ambiguous", b => b["dsseEnvelope"] = new JsonObject());

    [Fact]
    public void Parse_TwoDsseSignatures_IsRefused() => Refused("bundle_malformed", b =>
    {
        b.AsObject().Remove("messageSignature");
        var signature = new JsonObject { ["sig"] = "AAAA" };
        b["dsseEnvelope"] = new JsonObject { ["payloadType"] = "t", ["payload"] = "AAAA", ["signatures"] = new JsonArray(signature, signature.DeepClone()) };
    });

    [Theory]
    [InlineData("tlogEntries", 33)]
    public void Parse_TooManyLogEntries_IsRefused(string member, int count) => Refused("bundle_malformed", b =>
    {
        var entries = b["verificationMaterial"]![member]!.AsArray();
        while (entries.Count < count)
        {
            entries.Add(entries[0]!.DeepClone());
        }
    });

    [Fact]
    public void Parse_TooManyTimestamps_IsRefused() => Refused("bundle_malformed", b =>
        b["verificationMaterial"]!["timestampVerificationData"] = new JsonObject
        {
            ["rfc3161Timestamps"] = new JsonArray([.. Enumerable.Range(0, 33).Select(_ => (JsonNode)new JsonObject { ["signedTimestamp"] = "AAAA" })]),
        });

    [Fact]
    public void Parse_DuplicateName_IsRefused()
    {
        var text = File.ReadAllText(new ConformanceCase("happy-path-v0.3").Bundle);
        var doubled = text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, "\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",");
        Assert.Equal("bundle_malformed", Assert.Throws<VerificationException>(() => SigstoreBundle.Parse(Encoding.UTF8.GetBytes(doubled))).Code);
    }

    [Fact]
    public void Parse_MoreThanTheBound_IsRefused() =>
        Assert.Equal("bundle_malformed", Assert.Throws<VerificationException>(() => SigstoreBundle.Parse(new byte[SigstoreBundle.MaxBytes + 1])).Code);

    [Theory]
    [InlineData("1e3")]
    [InlineData("9007199254740992")]
    [InlineData("\"-1\"")]
    [InlineData("\" 1\"")]
    [InlineData("{}")]
    public void Parse_LogIndexThatIsNoWholeNumber_IsRefused(string value) =>
        Refused("bundle_malformed", b => b["verificationMaterial"]!["tlogEntries"]![0]!["logIndex"] = JsonNode.Parse(value));

    [Fact]
    public void Parse_LoneSurrogate_IsRefused()
    {
        var text = File.ReadAllText(new ConformanceCase("happy-path-v0.3").Bundle).Replace("\"79571823\"", "\"\\ud800\"", StringComparison.Ordinal);
        Assert.Equal("bundle_malformed", Assert.Throws<VerificationException>(() => SigstoreBundle.Parse(Encoding.UTF8.GetBytes(text))).Code);
    }

    private static void Refused(string code, Action<JsonNode> change)
    {
        var e = Assert.Throws<VerificationException>(() => Parse(change));
        Assert.Equal((VerificationStage.Bundle, code), (e.Stage, e.Code));
    }

    private static SigstoreBundle Parse(Action<JsonNode> change)
    {
        var bundle = JsonNode.Parse(File.ReadAllText(new ConformanceCase("happy-path-v0.3").Bundle))!;
        change(bundle);
        return SigstoreBundle.Parse(Encoding.UTF8.GetBytes(bundle.ToJsonString()));
    }
}
