using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Signer;

/// <summary>Mistakes that other verifiers made, one regression test each; those of registries are beside the registry client. docs/verification.md lists them all.</summary>
public sealed class PrecedentTests
{
    [Theory]
    [InlineData("entry of another signature by the same certificate", "log_entry_signature_mismatch")]
    [InlineData("hashedrekord 0.0.1 of another signature, key", "log_entry_signature_mismatch")]
    public void Verify_CVE_2022_23649_LogEntryOfAnotherSignature_IsRefused(string deviation, string code) => Refuses(deviation, code);

    [Theory]
    [InlineData("hashedrekord 0.0.1 of another digest, key", "log_entry_digest_mismatch")]
    [InlineData("hashedrekord 0.0.1 of another key, keyless", "log_entry_verifier_mismatch")]
    public void Verify_CVE_2022_36056_LogEntryOfOtherContentOrKey_IsRefused(string deviation, string code) => Refuses(deviation, code);

    [Theory]
    [InlineData("hashedrekord 0.0.2 of another digest, keyless", "log_entry_digest_mismatch")]
    [InlineData("hashedrekord 0.0.2 of another key, keyless", "log_entry_verifier_mismatch")]
    [InlineData("dsse 0.0.2 of another payload, keyless", "log_entry_digest_mismatch")]
    public void Verify_CVE_2026_22703_AnyValidLogEntryOfSomethingElse_IsRefused(string deviation, string code) => Refuses(deviation, code);

    [Fact]
    public void Verify_CVE_2022_35930_AttestationOfAnotherPredicateType_IsRefused() => Refuses("another predicate type", "predicate_type_mismatch");

    [Fact]
    public void Verify_CVE_2026_39395_PredicateTypeMissing_IsRefused() => Refuses("statement without predicate type", "statement_malformed");

    [Theory]
    [InlineData("intermediate expired when it signed")]
    [InlineData("root expired when it signed")]
    public void Verify_CVE_2026_24122_AuthorityExpiredWhenItIssued_IsRefused(string deviation) => Refuses(deviation, "certificate_expired_at_signing");

    [Theory]
    [InlineData("time stamp by another key in the name of the authority")]
    [InlineData("time stamp by another key in the name of the authority, its own certificate inside")]
    [InlineData("time stamp of a stranger, trusted certificate inside")]
    public void Verify_CVE_2026_39984_TrustedCertificateInTheBagOfAnotherSigner_IsRefused(string deviation) =>
        Assert.Equal(VerificationStage.Timestamp, Refusal(deviation).Stage);

    [Fact]
    public void Verify_TrailOfBits_IntegratedTimeWithoutPromise_ProvesNoTime() => Refuses("integrated time without a promise", "verified_time_missing");

    [Theory]
    [InlineData("one of two times outside the certificate")]
    [InlineData("time stamp outside, promise inside")]
    public void Verify_TrailOfBits_OneTimeOfSeveralOutsideTheCertificate_IsRefused(string deviation) => Refuses(deviation, "certificate_expired_at_signing");

    [Fact]
    public void Verify_TrailOfBits_AnyEnvelopeSignatureButTheLoggedOne_IsRefused() => Refuses("two signatures in the envelope", "bundle_malformed");

    [Fact]
    public void Verify_SigstoreRust154_TwoAuthoritiesOfOneName_TheIssuerIsTheOneThatSigned()
    {
        // The impostor comes first and has the issuer's very name: found by name, its key hash would be wrong.
        var recipe = Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Root = t =>
            t.At("certificateAuthorities").AsArray().Insert(0, SigstoreWorld.AuthorityJson("https://impostor.example", SigstoreWorld.Stranger.Fulcio.Chain)));
        Assert.NotNull(Demands.Verify(recipe).Certificate);
        Refuses("SCT over another issuer's key", "sct_invalid");
    }

    [Fact]
    public void Verify_CVE_2023_47122_LogThatVouchesForItself_IsUnknown()
    {
        var recipe = Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Entries[0].Log = SigstoreWorld.Stranger.RekorV1);
        var thrown = Assert.Throws<VerificationException>(() => Demands.Verify(recipe));
        Assert.Equal("log_unknown", thrown.Code);
    }

    [Fact]
    public void Verify_CVE_2023_33959_SignatureOfAnotherArtifact_IsRefused() => Refuses("another artifact", "artifact_digest_mismatch");

    private static VerificationException Refusal(string name)
    {
        var deviation = Deviations.All[name];
        return Assert.Throws<VerificationException>(() => Demands.Verify(deviation.Recipe(), deviation.Demand, deviation.Artifact));
    }

    private static void Refuses(string name, string code) => Assert.Equal(code, Refusal(name).Code);
}
