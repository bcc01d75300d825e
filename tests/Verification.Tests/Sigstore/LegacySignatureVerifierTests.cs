using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>A real keyless signature, told in cosign's annotations.</summary>
public sealed class LegacySignatureVerifierTests
{
    private static readonly ConformanceCase Test = new("happy-path-v0.3");

    [Fact]
    public void Verify_KeylessSignature_Verifies()
    {
        var verified = LegacySignatureVerifier.Verify(Signature(), Demands());
        Assert.Equal(("cosign_legacy", Test.Identity), (verified.Format, verified.Certificate!.Subject));
    }

    [Fact]
    public void Verify_OtherPayload_IsRefused() => Refused("signature_invalid", Signature() with { Payload = new byte[] { 1 } });

    [Fact]
    public void Verify_NoRekorBundle_IsRefused() => Refused("log_entry_missing", Signature() with { RekorBundleJson = null });

    [Fact]
    public void Verify_NoCertificate_IsRefused() => Refused("certificate_missing", Signature() with { CertificatePem = null });

    [Fact]
    public void Verify_ChainWithForeignRoot_IsOnlyAHint()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = new CertificateRequest("CN=mine", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        LegacySignatureVerifier.Verify(Signature() with { ChainPem = root.ExportCertificatePem() }, Demands());
    }

    [Fact]
    public void Verify_ChangedIntegratedTime_IsRefused() =>
        Refused("signed_entry_timestamp_invalid", Signature() with { RekorBundleJson = Rekor(p => p["integratedTime"] = 1710869187) });

    [Fact]
    public void Verify_EntryOfAnotherSignature_IsRefused()
    {
        var other = JsonNode.Parse(File.ReadAllText(new ConformanceCase("wrong-hashedrekord-entry_fail").Bundle))!["verificationMaterial"]!["tlogEntries"]![0]!;
        Refused("certificate_expired_at_signing", Signature() with { RekorBundleJson = Rekor(other) });
    }

    [Theory]
    [InlineData("")]
    [InlineData("AA==\n")]
    [InlineData("!")]
    public void Verify_MalformedSignature_IsRefused(string signature) => Refused("annotation_malformed", Signature() with { SignatureBase64 = signature });

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"Payload\":{},\"Payload\":{}}")]
    public void Verify_MalformedRekorBundle_IsRefused(string json) => Refused("annotation_malformed", Signature() with { RekorBundleJson = json });

    [Fact]
    public void Verify_LogIdThatIsNoHex_IsRefused() => Refused("annotation_malformed", Signature() with { RekorBundleJson = Rekor(p => p["logID"] = "xyz") });

    [Theory]
    [InlineData("junk")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")]
    public void Verify_MalformedCertificate_IsRefused(string pem) => Refused("annotation_malformed", Signature() with { CertificatePem = pem });

    [Theory]
    [InlineData("junk")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n")]
    public void Verify_MalformedChain_IsRefused(string pem) => Refused("annotation_malformed", Signature() with { ChainPem = pem });

    [Fact]
    public void Verify_ChainWithMoreThanCertificates_IsRefused()
    {
        var signature = Signature();
        Refused("annotation_malformed", signature with { ChainPem = signature.CertificatePem + "\n" + TestKey.P256().Pem });
    }

    [Fact]
    public void Verify_ChainOverTheCap_IsRefused()
    {
        var signature = Signature();
        Refused("annotation_malformed", signature with { ChainPem = string.Concat(Enumerable.Repeat(signature.CertificatePem + "\n", 11)) });
        Refused("annotation_malformed", signature with { ChainPem = new string(' ', 256 * 1024) + signature.CertificatePem });
    }

    private static void Refused(string code, LegacySignature signature) =>
        Assert.Equal(code, Assert.Throws<VerificationException>(() => LegacySignatureVerifier.Verify(signature, Demands())).Code);

    private static BundleDemands Demands() =>
        new(new KeylessSignatory(new CertificateIdentity(IdentityPattern.Exact(Test.Identity), IdentityPattern.Exact(Test.Issuer)), TrustedRoot.PublicGood));

    private static JsonNode Bundle() => JsonNode.Parse(File.ReadAllText(Test.Bundle))!;

    private static string Rekor(Action<JsonNode> change)
    {
        var json = JsonNode.Parse(Rekor(Bundle()["verificationMaterial"]!["tlogEntries"]![0]!))!;
        change(json["Payload"]!);
        return json.ToJsonString();
    }

    private static string Rekor(JsonNode entry) => new JsonObject
    {
        ["SignedEntryTimestamp"] = entry["inclusionPromise"]!["signedEntryTimestamp"]!.DeepClone(),
        ["Payload"] = new JsonObject
        {
            ["body"] = entry["canonicalizedBody"]!.DeepClone(),
            ["integratedTime"] = long.Parse(entry["integratedTime"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture),
            ["logIndex"] = long.Parse(entry["logIndex"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture),
            ["logID"] = Convert.ToHexStringLower(Convert.FromBase64String(entry["logId"]!["keyId"]!.GetValue<string>())),
        },
    }.ToJsonString();

    private static LegacySignature Signature()
    {
        var bundle = Bundle();
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(bundle["verificationMaterial"]!["certificate"]!["rawBytes"]!.GetValue<string>()));
        return new LegacySignature(File.ReadAllBytes(Test.Artifact), bundle["messageSignature"]!["signature"]!.GetValue<string>(), certificate.ExportCertificatePem(), ChainPem: null, Rekor(_ => { }));
    }
}
