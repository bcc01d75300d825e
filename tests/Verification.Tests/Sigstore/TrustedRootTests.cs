using System.Text;
using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class TrustedRootTests
{
    [Fact]
    public void PublicGood_Snapshot_HasAllParts()
    {
        var root = TrustedRoot.PublicGood;
        Assert.Equal((2, 2, 2, 1), (root.Logs.Count, root.CertificateLogs.Count, root.CertificateAuthorities.Count, root.TimestampAuthorities.Count));
        Assert.Equal(2026, root.SnapshotAt!.Value.Year);
        Assert.Equal(64, root.Sha256.Length);
        Assert.Same(root, TrustedRoot.PublicGood);
    }

    [Fact]
    public void Parse_File_HasNoSnapshotDate() => Assert.Null(TrustedRoot.Parse(File.ReadAllBytes(Path)).SnapshotAt);

    [Fact]
    public void Parse_UnknownKeyAlgorithm_IsLeftOut() =>
        Assert.Equal(TrustedRoot.Parse(File.ReadAllBytes(Path)).Logs.Count - 1, Parse(r => r["tlogs"]![0]!["publicKey"]!["keyDetails"] = "ML_DSA_65").Logs.Count);

    [Theory]
    [InlineData("mediaType", "trusted_root_media_type_unsupported")]
    [InlineData("tlogs", "trusted_root_malformed")]
    [InlineData("certificateAuthorities", "trusted_root_malformed")]
    public void Parse_OtherShape_IsRefused(string member, string code) => Refused(code, r => r[member] = member);

    [Fact]
    public void Parse_AuthorityWithoutValidity_IsRefused() => Refused("trusted_root_malformed", r => r["certificateAuthorities"]![0]!.AsObject().Remove("validFor"));

    [Fact]
    public void Parse_EmptyChain_IsRefused() => Refused("trusted_root_malformed", r => r["certificateAuthorities"]![0]!["certChain"]!["certificates"] = new JsonArray());

    [Fact]
    public void Parse_CutKey_IsRefused() => Refused("trusted_root_malformed", r => r["tlogs"]![0]!["publicKey"]!["rawBytes"] = "AAAA");

    [Fact]
    public void Parse_LogIdOf31Bytes_IsRefused() => Refused("trusted_root_malformed", r => r["tlogs"]![0]!["logId"]!["keyId"] = Convert.ToBase64String(new byte[31]));

    [Fact]
    public void Parse_CheckpointKeyIdOf3Bytes_IsRefused() =>
        Refused("trusted_root_malformed", r => r["tlogs"]![0]!["checkpointKeyId"] = new JsonObject { ["keyId"] = Convert.ToBase64String(new byte[3]) });

    [Theory]
    [InlineData("MAA=")]
    [InlineData("AAAA")]
    public void Parse_CertificateThatIsNone_IsRefused(string bytes) =>
        Refused("trusted_root_malformed", r => r["certificateAuthorities"]![0]!["certChain"]!["certificates"]![0]!["rawBytes"] = bytes);

    [Theory]
    [InlineData("yesterday")]
    [InlineData(5)]
    public void Parse_TimeThatIsNone_IsRefused(object start) =>
        Refused("trusted_root_malformed", r => r["certificateAuthorities"]![0]!["validFor"]!["start"] = start is int number ? number : (string)start);

    private static string Path => new ConformanceCase("rekor2-happy-path").TrustedRoot!;

    private static void Refused(string code, Action<JsonNode> change)
    {
        var e = Assert.Throws<VerificationException>(() => Parse(change));
        Assert.Equal((VerificationStage.TrustedRoot, code), (e.Stage, e.Code));
    }

    private static TrustedRoot Parse(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(File.ReadAllText(Path))!;
        change(root);
        return TrustedRoot.Parse(Encoding.UTF8.GetBytes(root.ToJsonString()));
    }
}
