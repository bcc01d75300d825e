using System.Security.Cryptography;
using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>Against a real registry.</summary>
public sealed class PolicyGateTests(LocalRegistry registry) : IClassFixture<LocalRegistry>
{
    [Fact]
    public async Task DecideAsync_SignedTag_AdmitsTheDigestWithEvidence()
    {
        await using var harness = new GateHarness(registry.Host);
        var digest = await registry.Pusher.PushAsync("examples/signed", "1", TestImages.Text("signed"));
        var list = await harness.Signer.SignAndPushAsync(registry.Pusher, "examples/signed", digest);

        var result = await harness.Gate.DecideAsync($"{registry.Host}/examples/signed:1", "default", CancellationToken.None);

        var decision = result.Decision;
        Assert.True(decision.Admitted, decision.Reason);
        Assert.Null(decision.Code);
        Assert.Equal($"{registry.Host}/examples/signed@{digest}", decision.Reference);
        Assert.Equal(digest, decision.Digest);
        Assert.Equal($"{registry.Host}/examples/**", decision.Rule);
        Assert.Equal(harness.Clock.GetUtcNow(), decision.DecidedAt);
        Assert.True(result.InsecureRegistry);
        Assert.Equal(500, result.Profile!.Defaults.CpuMillis);
        Assert.Equal(["registry_rule", "profile", "resolve", "signature"], decision.Evidence.Select(e => e.Check));
        Assert.All(decision.Evidence, e => Assert.True(e.Passed));
        var facts = decision.Evidence[3].Facts;
        Assert.Equal("keys/demo.pub", facts["key"]);
        Assert.Equal(harness.Signer.Fingerprint, facts["key_fingerprint"]);
        Assert.Equal(list, facts["manifest"]);
    }

    [Fact]
    public async Task DecideAsync_SignedDigest_Admits()
    {
        await using var harness = new GateHarness(registry.Host);
        var digest = await registry.Pusher.PushAsync("examples/by-digest", "1", TestImages.Text("by digest"));
        await harness.Signer.SignAndPushAsync(registry.Pusher, "examples/by-digest", digest);

        // The tag besides a digest is not looked at.
        var decision = await harness.DecideAsync($"{registry.Host}/examples/by-digest:nosuch@{digest}");

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal($"{registry.Host}/examples/by-digest@{digest}", decision.Reference);
    }

    [Fact]
    public async Task DecideAsync_Unsigned_RefusesAndNamesTheFix()
    {
        await using var harness = new GateHarness(registry.Host);
        var digest = await registry.Pusher.PushAsync("examples/unsigned", "1", TestImages.Text("unsigned"));

        var decision = await harness.DecideAsync($"{registry.Host}/examples/unsigned:1");

        Assert.False(decision.Admitted);
        Assert.Equal(RefusalCodes.Unsigned, decision.Code);
        Assert.Equal(digest, decision.Digest);
        Assert.Contains(CosignTestSigner.TagOf(digest), decision.Reason, StringComparison.Ordinal);
        Assert.Contains("keys/demo.pub", decision.Reason, StringComparison.Ordinal);
        Assert.False(decision.Evidence[^1].Passed);
    }

    [Fact]
    public async Task DecideAsync_SignedByAnotherKey_IsSignatureInvalid()
    {
        await using var harness = new GateHarness(registry.Host);
        using var stranger = new CosignTestSigner();
        var digest = await registry.Pusher.PushAsync("examples/stranger", "1", TestImages.Text("stranger"));
        await stranger.SignAndPushAsync(registry.Pusher, "examples/stranger", digest);

        var decision = await harness.DecideAsync($"{registry.Host}/examples/stranger:1");

        Assert.Equal(RefusalCodes.SignatureInvalid, decision.Code);
        Assert.Equal("signature", decision.Evidence[^1].Facts["stage"]);
        Assert.Contains("Sign this digest as keys/demo.pub", decision.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA")]
    public async Task DecideAsync_SecondKeyOfAnyAlgorithm_Admits(string algorithm)
    {
        using var other = algorithm == "RSA" ? CosignTestSigner.Rsa(2048) : new CosignTestSigner(ECCurve.CreateFromFriendlyName("nist" + algorithm.Replace("-", "", StringComparison.Ordinal)));
        using var folder = new PolicyFolder().Write("other.pub", other.PublicKeyPem);
        var otherPath = Path.Combine(Path.GetDirectoryName(folder.PolicyPath)!, "other.pub");
        await using var harness = new GateHarness(registry.Host, GateHarness.RuleFor(registry.Host, $"any: [ {{ key: keys/demo.pub }}, {{ key: '{otherPath}' }} ]"));
        var name = "examples/" + algorithm.ToLowerInvariant();
        var digest = await registry.Pusher.PushAsync(name, "1", TestImages.Text(algorithm));
        await other.SignAndPushAsync(registry.Pusher, name, digest);

        var decision = await harness.DecideAsync($"{registry.Host}/{name}:1");

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal(other.Fingerprint, decision.Evidence[^1].Facts["key_fingerprint"]);
    }

    [Fact]
    public async Task DecideAsync_NoSuchTag_IsImageNotFound()
    {
        await using var harness = new GateHarness(registry.Host);

        var decision = await harness.DecideAsync($"{registry.Host}/examples/nothing:1");

        Assert.Equal(RefusalCodes.ImageNotFound, decision.Code);
        Assert.Null(decision.Reference);
    }

    [Fact]
    public async Task DecideAsync_NoRuleMatches_IsRefusedWithoutAsking()
    {
        await using var harness = new GateHarness(registry.Host);

        var decision = await harness.DecideAsync($"{registry.Host}/elsewhere/tool:1");

        Assert.Equal(RefusalCodes.RegistryNotAllowed, decision.Code);
        Assert.Null(decision.Rule);
        Assert.Contains($"{registry.Host}/elsewhere/tool", decision.Reason, StringComparison.Ordinal);
        Assert.Equal(["registry_rule"], decision.Evidence.Select(e => e.Check));
    }

    [Fact]
    public async Task DecideAsync_MoreSpecificDeny_WinsOverAllow()
    {
        var rules = GateHarness.RuleFor(registry.Host) + $"\n  - match: \"{registry.Host}/examples/bad*\"\n    deny: true";
        await using var harness = new GateHarness(registry.Host, rules);
        var digest = await registry.Pusher.PushAsync("examples/bad-tool", "1", TestImages.Text("bad"));
        await harness.Signer.SignAndPushAsync(registry.Pusher, "examples/bad-tool", digest);

        var decision = await harness.DecideAsync($"{registry.Host}/examples/bad-tool:1");

        Assert.Equal(RefusalCodes.RegistryNotAllowed, decision.Code);
        Assert.Equal($"{registry.Host}/examples/bad*", decision.Rule);
    }

    [Fact]
    public async Task DecideAsync_TwoRulesEquallySpecific_IsRefused()
    {
        var rules = $"  - match: \"{registry.Host}/*a*\"\n    deny: true\n  - match: \"{registry.Host}/*b*\"\n    deny: true";
        await using var harness = new GateHarness(registry.Host, rules);

        var decision = await harness.DecideAsync($"{registry.Host}/xaxbx:1");

        Assert.Equal(RefusalCodes.RegistryNotAllowed, decision.Code);
        Assert.Contains("equally", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_UnknownProfile_IsRefusedAndNamesThose()
    {
        await using var harness = new GateHarness(registry.Host);

        var result = await harness.Gate.DecideAsync($"{registry.Host}/examples/x:1", "root\n", CancellationToken.None);

        Assert.Equal(RefusalCodes.UnknownProfile, result.Decision.Code);
        Assert.Null(result.Profile);
        Assert.Equal("root?", result.Decision.Profile);
        Assert.Contains("default", result.Decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_BrokenReference_IsInvalidReference()
    {
        await using var harness = new GateHarness(registry.Host);

        var decision = await harness.DecideAsync($"{registry.Host}/examples/X Y:1");

        Assert.Equal(RefusalCodes.InvalidReference, decision.Code);
        Assert.Empty(decision.Evidence);
    }

    [Fact]
    public async Task DecideAsync_RegistryDown_IsRegistryUnavailable()
    {
        await using var gone = await LocalRegistry.StartAsync();
        await using var harness = new GateHarness(gone.Host);
        await gone.StopAsync();

        var decision = await harness.DecideAsync($"{gone.Host}/examples/x:1");

        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Code);
        Assert.Equal("resolve", decision.Evidence[^1].Check);
    }
}
