using System.Text;
using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>Real bundles with one thing changed.</summary>
public sealed class BundleVerifierTests
{
    private const string HappyV1 = "happy-path-v0.3";
    private const string HappyV2 = "rekor2-happy-path";
    private const string HappyDsse = "happy-path-intoto-in-dsse-v3";

    [Fact]
    public void Verify_RekorV1_GivesTheFacts()
    {
        var verified = Verify(HappyV1);
        Assert.Equal("bundle_v0.3", verified.Format);
        Assert.Equal("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon", verified.Certificate!.SourceRepositoryUri);
        Assert.Equal("refs/heads/main", verified.Certificate.SourceRepositoryRef);
        Assert.Equal(new ConformanceCase(HappyV1).Identity, verified.Certificate.BuildSignerUri);
        var entry = Assert.Single(verified.LogEntries);
        Assert.Equal(new LogEntryFacts("https://rekor.sigstore.dev", 79571823, "hashedrekord 0.0.1", DateTimeOffset.FromUnixTimeSeconds(1710869186)), entry);
        Assert.Equal([DateTimeOffset.FromUnixTimeSeconds(1710869186)], verified.VerifiedTimes);
        Assert.Null(verified.Statement);
    }

    [Fact]
    public void Verify_RekorV2_TakesTheTimestampsTime()
    {
        var verified = Verify(HappyV2);
        Assert.Equal([new DateTimeOffset(2025, 6, 12, 12, 2, 20, TimeSpan.Zero)], verified.VerifiedTimes);
        Assert.Null(Assert.Single(verified.LogEntries).IntegratedTime);
    }

    [Fact]
    public void Verify_Dsse_GivesTheStatement() => Assert.Single(Verify(HappyDsse).Statement!.Subjects);

    [Fact]
    public void Verify_AnotherPredicateType_IsRefused()
    {
        var type = Verify(HappyDsse).Statement!.PredicateType;
        Assert.Equal(type, Verify(HappyDsse, demand: d => d with { PredicateType = type }).Statement!.PredicateType);
        Refused(VerificationStage.Payload, "predicate_type_mismatch", HappyDsse, demand: d => d with { PredicateType = "https://sigstore.dev/cosign/sign/v1" });
        Refused(VerificationStage.Payload, "predicate_type_mismatch", HappyV1, demand: d => d with { PredicateType = type });
    }

    [Fact]
    public void Verify_AnotherSubject_IsRefused()
    {
        var bundle = SigstoreBundle.Parse(File.ReadAllBytes(new ConformanceCase(HappyDsse).Bundle));
        var e = Assert.Throws<VerificationException>(() => BundleVerifier.Verify(bundle, ArtifactDigest.OfBytes(new byte[1]), Demands(HappyDsse)));
        Assert.Equal((VerificationStage.Artifact, "subject_mismatch"), (e.Stage, e.Code));
    }

    [Fact]
    public void Verify_NoLogEntry_IsRefusedOnlyWhenDemanded()
    {
        Refused(VerificationStage.TransparencyLog, "log_entry_missing", HappyV2, Without);
        Verify(HappyV2, Without, d => d with { RequireTransparencyLog = false });
        static void Without(JsonNode b) => b["verificationMaterial"]!["tlogEntries"] = new JsonArray();
    }

    [Fact]
    public void Verify_IntegratedTimeWithoutPromise_ProvesNoTime() =>
        Refused(VerificationStage.Timestamp, "verified_time_missing", HappyV1, b => Entry(b).AsObject().Remove("inclusionPromise"));

    [Fact]
    public void Verify_ChangedIntegratedTime_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "signed_entry_timestamp_invalid", HappyV1, b => Entry(b)["integratedTime"] = "1710869187");

    [Fact]
    public void Verify_ChangedGlobalIndex_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "signed_entry_timestamp_invalid", HappyV1, b => Entry(b)["logIndex"] = "79571824");

    [Fact]
    public void Verify_PromiseWithoutTime_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "integrated_time_missing", HappyV1, b => Entry(b).AsObject().Remove("integratedTime"));

    [Theory]
    [InlineData(HappyV1)]
    [InlineData(HappyV2)]
    public void Verify_ChangedProof_IsRefused(string name)
    {
        Refused(VerificationStage.TransparencyLog, "inclusion_proof_invalid", name, b => Entry(b)["inclusionProof"]!["hashes"]![0] = Convert.ToBase64String(new byte[32]));
        Refused(VerificationStage.TransparencyLog, "inclusion_proof_invalid", name, b => Entry(b)["inclusionProof"]!["hashes"]!.AsArray().RemoveAt(0));
        Refused(VerificationStage.TransparencyLog, "inclusion_proof_invalid", name, b => Entry(b)["inclusionProof"]!["hashes"]![0] = "AAAA");
        Refused(VerificationStage.TransparencyLog, name == HappyV2 ? "log_index_mismatch" : "inclusion_proof_invalid", name, b => Entry(b)["inclusionProof"]!["logIndex"] = "0");
        Refused(VerificationStage.TransparencyLog, "checkpoint_missing", name, b => Entry(b)["inclusionProof"]!.AsObject().Remove("checkpoint"));
    }

    [Theory]
    [InlineData(HappyV1, "rekor.sigstore.dev - ", "rekor.sigstore.dev - 1")]
    [InlineData(HappyV2, "736\n", "737\n")]
    public void Verify_ChangedCheckpointText_IsRefused(string name, string from, string to) =>
        Refused(VerificationStage.TransparencyLog, "checkpoint_signature_invalid", name, b => Checkpoint(b)["envelope"] = Checkpoint(b)["envelope"]!.GetValue<string>().Replace(from, to, StringComparison.Ordinal));

    [Fact]
    public void Verify_AnotherKindThanTheBodys_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "log_entry_kind_mismatch", HappyV1, b => Entry(b)["kindVersion"]!["kind"] = "dsse");

    [Fact]
    public void Verify_SameEntryTwice_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "log_entry_duplicate", HappyV1, b => b["verificationMaterial"]!["tlogEntries"]!.AsArray().Add(Entry(b).DeepClone()));

    [Fact]
    public void Verify_SameTimestampTwice_IsRefused() => Refused(VerificationStage.Timestamp, "timestamp_duplicate", HappyV2, b =>
    {
        var timestamps = b["verificationMaterial"]!["timestampVerificationData"]!["rfc3161Timestamps"]!.AsArray();
        timestamps.Add(timestamps[0]!.DeepClone());
    });

    [Fact]
    public void Verify_ChangedTimestamp_IsRefused() => Refused(VerificationStage.Timestamp, "timestamp_signature_invalid", "rekor2-timestamp-without-embedded-cert", b =>
    {
        var timestamp = b["verificationMaterial"]!["timestampVerificationData"]!["rfc3161Timestamps"]![0]!;
        var der = Convert.FromBase64String(timestamp["signedTimestamp"]!.GetValue<string>());
        der[^1] ^= 1;
        timestamp["signedTimestamp"] = Convert.ToBase64String(der);
    });

    [Fact]
    public void Verify_ChangedCertificate_IsUntrusted() => Refused(VerificationStage.Certificate, "certificate_untrusted", HappyV1, b =>
    {
        var certificate = b["verificationMaterial"]!["certificate"]!;
        var der = Convert.FromBase64String(certificate["rawBytes"]!.GetValue<string>());
        der[^1] ^= 1;
        certificate["rawBytes"] = Convert.ToBase64String(der);
    });

    [Fact]
    public void Verify_CertificateWithTrailingBytes_IsRefused() => Refused(VerificationStage.Certificate, "certificate_malformed", HappyV1, b =>
    {
        var certificate = b["verificationMaterial"]!["certificate"]!;
        certificate["rawBytes"] = Convert.ToBase64String([.. Convert.FromBase64String(certificate["rawBytes"]!.GetValue<string>()), 0]);
    });

    [Fact]
    public void Verify_LogOutsideItsWindow_IsRefused() =>
        Refused(VerificationStage.TransparencyLog, "log_outside_window", HappyV2, demand: d => d with { Signatory = ((KeylessSignatory)d.Signatory) with { Root = Root(HappyV2, r => r["tlogs"]![1]!["publicKey"]!["validFor"]!["end"] = "2025-06-12T12:02:19Z") } });

    [Fact]
    public void Verify_AuthorityOutsideItsWindow_IsRefused() =>
        Refused(VerificationStage.Certificate, "certificate_authority_outside_window", HappyV2, demand: d => d with { Signatory = ((KeylessSignatory)d.Signatory) with { Root = Root(HappyV2, r => r["certificateAuthorities"]![0]!["validFor"]!["end"] = "2025-06-12T12:02:19Z") } });

    [Fact]
    public void Verify_CertificateLogOutsideItsWindow_IsRefused() =>
        Refused(VerificationStage.SignedCertificateTimestamp, "sct_outside_log_window", HappyV2, demand: d => d with { Signatory = ((KeylessSignatory)d.Signatory) with { Root = Root(HappyV2, r => r["ctlogs"]![2]!["publicKey"]!["validFor"]!["end"] = "2025-06-12T12:02:15Z") } });

    [Fact]
    public void Verify_KeyDemandedForACertificate_IsRefused()
    {
        Assert.True(Actors.Verification.Cryptography.TrustedPublicKey.TryParse("k", File.ReadAllText(new ConformanceCase("managed-key-and-trusted-root").Key!), out var key, out _));
        Refused(VerificationStage.Key, "certificate_unexpected", HappyV1, demand: _ => new BundleDemands(new KeySignatory(key), TrustedRoot.PublicGood));
    }

    [Fact]
    public void Verify_AnotherKey_IsRefusedBySignature()
    {
        using var other = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.True(Actors.Verification.Cryptography.TrustedPublicKey.TryParse("k", other.ExportSubjectPublicKeyInfoPem(), out var key, out _));
        Refused(VerificationStage.Signature, "signature_invalid", "managed-key-and-trusted-root", demand: _ => new BundleDemands(new KeySignatory(key), TrustedRoot.Staging));
    }

    [Fact]
    public void Verify_KeyWithoutRoot_NeedsNoLogWhenNoneIsDemanded()
    {
        var name = "managed-key-and-trusted-root";
        Assert.True(Actors.Verification.Cryptography.TrustedPublicKey.TryParse("k", File.ReadAllText(new ConformanceCase(name).Key!), out var key, out _));
        Assert.Empty(Verify(name, demand: _ => new BundleDemands(new KeySignatory(key), RequireTransparencyLog: false)).LogEntries);
        Refused(VerificationStage.TrustedRoot, "trusted_root_missing", name, demand: _ => new BundleDemands(new KeySignatory(key)));
    }

    private static JsonNode Entry(JsonNode bundle) => bundle["verificationMaterial"]!["tlogEntries"]![0]!;

    private static JsonNode Checkpoint(JsonNode bundle) => Entry(bundle)["inclusionProof"]!["checkpoint"]!;

    private static TrustedRoot Root(string name, Action<JsonNode> change)
    {
        var root = JsonNode.Parse(File.ReadAllText(new ConformanceCase(name).TrustedRoot!))!;
        change(root);
        return TrustedRoot.Parse(Encoding.UTF8.GetBytes(root.ToJsonString()));
    }

    private static BundleDemands Demands(string name)
    {
        var test = new ConformanceCase(name);
        var root = test.TrustedRoot is { } path ? TrustedRoot.Parse(File.ReadAllBytes(path)) : TrustedRoot.PublicGood;
        return new BundleDemands(new KeylessSignatory(new CertificateIdentity(IdentityPattern.Exact(test.Identity), IdentityPattern.Exact(test.Issuer)), root));
    }

    private static void Refused(VerificationStage stage, string code, string name, Action<JsonNode>? change = null, Func<BundleDemands, BundleDemands>? demand = null)
    {
        var e = Assert.Throws<VerificationException>(() => Verify(name, change, demand));
        Assert.Equal((stage, code), (e.Stage, e.Code));
    }

    private static VerifiedBundle Verify(string name, Action<JsonNode>? change = null, Func<BundleDemands, BundleDemands>? demand = null)
    {
        var test = new ConformanceCase(name);
        var bundle = JsonNode.Parse(File.ReadAllText(test.Bundle))!;
        change?.Invoke(bundle);
        var demands = demand is null ? Demands(name) : demand(Demands(name));
        return BundleVerifier.Verify(SigstoreBundle.Parse(Encoding.UTF8.GetBytes(bundle.ToJsonString())), ArtifactDigest.OfBytes(File.ReadAllBytes(test.Artifact)), demands);
    }
}
