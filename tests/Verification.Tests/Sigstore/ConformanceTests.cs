using System.CommandLine;
using Actors.Cli.Commands;
using Actors.Testing;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>Every case of the conformance data through the command line, by path and by digest. A case that must fail has to fail for its own reason.</summary>
public sealed class ConformanceTests
{
    private static readonly Dictionary<string, string?> Verdicts = new(StringComparer.Ordinal)
    {
        ["bundle-empty-certificate-chain_fail"] = "bundle chain_empty",
        ["bundle-from-wrong-instance_fail"] = "transparency_log log_unknown",
        ["bundle-invalid-base64-signature_fail"] = "bundle bundle_malformed",
        ["bundle-malformed-json_fail"] = "bundle bundle_malformed",
        ["bundle-negative-log-index_fail"] = "bundle bundle_malformed",
        ["bundle-unknown-version_fail"] = "bundle media_type_unsupported",
        ["bundle-with-root-cert_fail"] = "bundle root_in_chain",
        ["bundle-with-sct-with-extensions"] = null,
        ["checkpoint-bad-keyhint_fail"] = "transparency_log checkpoint_signature_missing",
        ["checkpoint-wrong-roothash_fail"] = "transparency_log checkpoint_size_mismatch",
        ["dsse-invalid-sig_fail"] = "signature signature_invalid",
        ["dsse-mismatch-envelope_fail"] = "transparency_log log_entry_digest_mismatch",
        ["happy-path-intoto-in-dsse-v3"] = null,
        ["happy-path-v0.3"] = null,
        ["happy-path-v0.3-new-mediaType"] = null,
        ["integrated-time-in-future_fail"] = "certificate certificate_expired_at_signing",
        ["intoto-expired-certificate_fail"] = "certificate certificate_expired_at_signing",
        ["intoto-tsa-timestamp-outside-cert-validity_fail"] = "certificate certificate_expired_at_signing",
        ["intoto-with-custom-trust-root"] = null,
        ["invalid-ct-key_fail"] = "signed_certificate_timestamp sct_log_unknown",
        ["invalid-inclusion-proof_fail"] = "transparency_log checkpoint_missing",
        ["managed-key-and-trusted-root"] = null,
        ["managed-key-no-key_fail"] = "certificate certificate_missing",
        ["managed-key-wrong-key_fail"] = "key key_malformed",
        ["rekor2-checkpoint-missing-log-signature_fail"] = "transparency_log checkpoint_malformed",
        ["rekor2-checkpoint-missing-origin_fail"] = "transparency_log checkpoint_malformed",
        ["rekor2-checkpoint-missing-root-hash_fail"] = "transparency_log checkpoint_malformed",
        ["rekor2-checkpoint-no-matching-signature_fail"] = "transparency_log checkpoint_signature_missing",
        ["rekor2-checkpoint-origin-not-first"] = null,
        ["rekor2-checkpoint-two-sigs-from-origin"] = null,
        ["rekor2-dsse-happy-path"] = null,
        ["rekor2-dsse-invalid-sig_fail"] = "signature signature_invalid",
        ["rekor2-dsse-mismatch-envelope_fail"] = "transparency_log log_entry_digest_mismatch",
        ["rekor2-dsse-mismatch-sig_fail"] = "transparency_log log_entry_signature_mismatch",
        ["rekor2-happy-path"] = null,
        ["rekor2-no-inclusion-proof_fail"] = "transparency_log inclusion_proof_missing",
        ["rekor2-no-timestamp_fail"] = "timestamp verified_time_missing",
        ["rekor2-timestamp-outside-trust-root-tsa-validity_fail"] = "timestamp timestamp_outside_authority_window",
        ["rekor2-timestamp-payload-mismatch_fail"] = "timestamp timestamp_imprint_mismatch",
        ["rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail"] = "timestamp timestamp_untrusted_authority",
        ["rekor2-timestamp-with-embedded-cert"] = null,
        ["rekor2-timestamp-with-expired-cert-chain"] = null,
        ["rekor2-timestamp-without-embedded-cert"] = null,
        ["trust-root-tlog-missing-validity-start_fail"] = "trusted_root trusted_root_malformed",
        ["trust-root-tsa-validity-end-inclusive"] = null,
        ["wrong-hashedrekord-artifact_fail"] = "transparency_log log_entry_digest_mismatch",
        ["wrong-hashedrekord-cert-and-sig_fail"] = "transparency_log log_entry_signature_mismatch",
        ["wrong-hashedrekord-entry_fail"] = "transparency_log log_entry_digest_mismatch",
        ["wrong-material_fail"] = "artifact artifact_digest_mismatch",
    };

    // The day of the snapshot.
    private static FakeTimeProvider Clock => new(TrustedRoot.PublicGood.SnapshotAt!.Value);

    public static TheoryData<string, bool> Cases()
    {
        var cases = new TheoryData<string, bool>();
        foreach (var directory in Directory.EnumerateDirectories(ConformanceCase.Root).Order(StringComparer.Ordinal))
        {
            cases.Add(Path.GetFileName(directory), false);
            cases.Add(Path.GetFileName(directory), true);
        }

        return cases;
    }

    [Fact]
    public void Cases_AreAllThere() => Assert.Equal(Verdicts.Keys.Order(StringComparer.Ordinal), Cases().Select(c => (string)c[0]).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Cases))]
    public void VerifyBundle_ConformanceCase_IsJudgedRight(string name, bool byDigest)
    {
        var test = new ConformanceCase(name);
        var (code, error) = Invoke(test.Arguments(byDigest ? test.Digest : test.Artifact));
        if (Verdicts[name] is not { } verdict)
        {
            Assert.Equal((0, ""), (code, error));
            return;
        }

        var expected = verdict.Split(' ');
        Assert.Equal(1, code);
        Assert.StartsWith($"error: {expected[0]}: ", error, StringComparison.Ordinal);
        Assert.EndsWith($" ({expected[1]})\n", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--bundle", "b")]
    [InlineData("--key", "k", "a")]
    [InlineData("--bundle", "b", "a")]
    [InlineData("--bundle", "b", "--certificate-identity", "i", "a")]
    [InlineData("--bundle", "b", "--key", "k", "--certificate-identity", "i", "--certificate-oidc-issuer", "o", "a")]
    [InlineData("--bundle", "b", "--key", "k", "--nonsense", "a")]
    public void VerifyBundle_WrongUse_Exits2(params string[] arguments) => Assert.Equal(2, Invoke(["verify-bundle", .. arguments]).Code);

    [Fact]
    public void VerifyBundle_AnotherIdentityOrIssuer_IsRefusedForThat()
    {
        var test = new ConformanceCase("happy-path-v0.3");
        var wrongIdentity = Invoke("verify-bundle", "--bundle", test.Bundle, "--certificate-identity", test.Identity + "x", "--certificate-oidc-issuer", test.Issuer, test.Artifact);
        var wrongIssuer = Invoke("verify-bundle", "--bundle", test.Bundle, "--certificate-identity", test.Identity, "--certificate-oidc-issuer", test.Issuer + "/", test.Artifact);
        Assert.Contains("(identity_mismatch)", wrongIdentity.Error, StringComparison.Ordinal);
        Assert.Contains("(issuer_mismatch)", wrongIssuer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyBundle_StagingBundleWithStaging_Verifies()
    {
        var test = new ConformanceCase("rekor2-happy-path");
        var (code, error) = Invoke("verify-bundle", "--staging", "--bundle", test.Bundle, "--certificate-identity", test.Identity, "--certificate-oidc-issuer", test.Issuer, test.Digest);
        Assert.Equal((0, ""), (code, error));
    }

    [Theory]
    [InlineData("happy-path-v0.3", 120, false, 0)]
    [InlineData("happy-path-v0.3", 121, true, 0)]
    [InlineData("wrong-material_fail", 121, true, 1)]
    [InlineData("intoto-with-custom-trust-root", 121, false, 0)]
    public void VerifyBundle_OldSnapshot_IsWarnedOfAndJudgesAsBefore(string name, int days, bool warns, int exitCode)
    {
        var test = new ConformanceCase(name);
        var clock = Clock;
        clock.Advance(TimeSpan.FromDays(days));
        var (code, error) = Invoke(clock, test.Arguments(test.Artifact));

        Assert.Equal(exitCode, code);
        Assert.Equal(warns, error.StartsWith("warning: trust_root_old: ", StringComparison.Ordinal));
    }

    private static (int Code, string Error) Invoke(params string[] arguments) => Invoke(Clock, arguments);

    private static (int Code, string Error) Invoke(TimeProvider clock, string[] arguments)
    {
        var root = new RootCommand { VerifyBundleCommand.Create(clock) };
        var parsed = root.Parse(arguments);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return (VerifyBundleCommand.ExitCode(parsed, code), error.ToString());
    }
}
