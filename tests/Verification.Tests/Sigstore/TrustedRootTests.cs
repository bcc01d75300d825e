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

    // A new snapshot has a new date: change both together.
    [Theory]
    [InlineData(false, "2026-03-18", "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66")]
    [InlineData(true, "2026-01-14", "1339f5912dbc7177439f0e4197ba0b7c4fbe46c4152f258925ef3de319d5eca3")]
    public void Snapshot_Date_IsOfExactlyTheseBytes(bool staging, string date, string sha256)
    {
        var root = staging ? TrustedRoot.Staging : TrustedRoot.PublicGood;
        Assert.Equal((date, sha256), (root.SnapshotAt!.Value.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), root.Sha256));
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
