using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Cosign;
using Actors.Verification.Cryptography;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>Limits of time and of evidence, alarms, and credentials, through the gate.</summary>
public sealed class PolicyGateLimitTests : RegistryGate
{
    private const string Htpasswd = "robot:$2b$04$VrqMmfCyyvW0UJyTlPEsHe66SibWZ6yR2hmVDqJpBohM26JjTYnCO";
    private const string Password = "correct horse";

    [Fact]
    public async Task CheckAsync_DeadlineOverWhenAllWasFetched_VerifiesNoFurtherCandidate()
    {
        var image = AddSigned("slow");
        using var client = new OciClient();
        Assert.True(OciDigest.TryParse(image.Digest, out var digest));
        var checker = new RequirementChecker(new Attachments(client, new OciRepository(Registry.Host, Name, insecure: true), digest), Name, digest, TimeProvider.System);
        Assert.True(TrustedPublicKey.TryParse("key", Harness.Signer.PublicKeyPem, out var key, out _));
        var demand = new SignatureRequirement("any[0]", new SignatoryRule("key", "key", new BundleDemands(new KeySignatory(key), RequireTransparencyLog: false), Root: null));
        using var over = new CancellationTokenSource();

        Assert.Null(await checker.CheckAsync(demand, over.Token));
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => checker.CheckAsync(demand, over.Token));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, RefusalCodes.SignatureInvalid)]
    public async Task DecideAsync_AttachedBytes_AreBoundedTogether(int less, string? code)
    {
        var image = TestImages.Text("much");
        Registry.Add(Name, "1", image);
        var signature = Harness.Signer.Sign(image.Digest);
        var list = CosignTestSigner.ManifestOf([signature]);
        AddSignatures(image, [signature]);
        var limits = new OciLimits { AttachedBytes = list.Manifest.Length + signature.Payload.Length - less };
        using var client = new OciClient(new OciClientOptions { Limits = limits });
        using var gate = PolicyGate.Open(new PolicyOptions { PolicyFile = Harness.Folder.PolicyPath }, Harness.Clock, Harness.Log, client);

        var decision = (await gate.DecideAsync(Tagged, "default", CancellationToken.None)).Decision;

        Assert.Equal(code, decision.Code);
        Assert.Equal(code is not null, decision.Reason?.Contains($"more than {limits.AttachedBytes} bytes together", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task DecideAsync_MoreFailuresThanAreListed_CountsTheRest()
    {
        var image = TestImages.Text("junk");
        Registry.Add(Name, "1", image);
        AddSignatures(image, [.. Enumerable.Range(0, 20).Select(i => Harness.Signer.SignPayload(Encoding.UTF8.GetBytes($"junk {i}")))]);
        using CosignTestSigner one = new(), two = new(), three = new();
        await using var harness = Under("any: [ { key: keys/1.pub }, { key: keys/2.pub }, { key: keys/3.pub } ]", beforeOpen: f =>
            f.Write("keys/1.pub", one.PublicKeyPem).Write("keys/2.pub", two.PublicKeyPem).Write("keys/3.pub", three.PublicKeyPem));

        var decision = await harness.DecideAsync(Tagged);

        Assert.Equal(RefusalCodes.SignatureInvalid, decision.Code);
        Assert.Equal(40, decision.Evidence.Count(e => e.Check == "signature"));
        Assert.Equal(("more_candidates", "20"), (decision.Evidence[^1].Check, decision.Evidence[^1].Facts["not_listed"]));
    }

    [Fact]
    public async Task DecideAsync_WarnModeButTheSignaturesCannotBeHad_SaysWhyInTheEvidence()
    {
        var image = TestImages.Text("warned");
        Registry.Add(Name, "1", image);
        Registry.Trick = context =>
        {
            var attached = context.Request.Path.Value!.Contains("sha256-", StringComparison.Ordinal);
            context.Response.StatusCode = attached ? 503 : 200;
            return Task.FromResult(attached);
        };
        await using var harness = new GateHarness(Registry.Host, GateHarness.RuleFor(Registry.Host) + "\n    mode: warn");

        var decision = await harness.DecideAsync(Tagged);

        Assert.True(decision.Admitted);
        Assert.Contains(decision.Evidence, e => !e.Passed && e.Facts.GetValueOrDefault("code") == RefusalCodes.RegistryUnavailable && e.Check == "signature");
        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Evidence[^1].Facts["code"]);
    }

    [Theory]
    [InlineData(0, 60, 0, 1, 0)]
    [InlineData(601, 60, 0, 1, 0)]
    [InlineData(20, -1, 0, 1, 0)]
    [InlineData(20, 60, -1, 1, 0)]
    [InlineData(20, 60, 0, 0, 0)]
    [InlineData(20, 60, 0, 1, -1)]
    public void Open_SettingOutOfRange_Throws(int deadline, int cache, int reload, int checks, int waiting)
    {
        var options = new PolicyOptions
        {
            PolicyFile = Harness.Folder.PolicyPath,
            Deadline = TimeSpan.FromSeconds(deadline),
            CacheTime = TimeSpan.FromSeconds(cache),
            ReloadEvery = TimeSpan.FromSeconds(reload),
            MaxChecks = checks,
            MaxWaitingChecks = waiting,
        };

        Assert.Throws<ArgumentOutOfRangeException>(() => PolicyGate.Open(options, Harness.Clock, Harness.Log));
    }

    [Theory]
    [InlineData(119, 0)]
    [InlineData(121, 1)]
    public async Task Status_EmbeddedTrustRoot_IsAnAlarmWhenItIsOld(int days, int alarms)
    {
        const string require = "any: [ { keyless: { identity: a@example.com, issuer: https://issuer.example.com } } ]";
        await using var harness = Under(require);
        var taken = TrustedRoot.PublicGood.SnapshotAt!.Value;
        using var gate = PolicyGate.Open(new PolicyOptions { PolicyFile = harness.Folder.PolicyPath }, new FakeTimeProvider(taken + TimeSpan.FromDays(days)), harness.Log);

        Assert.Equal(alarms, gate.Status.Alarms.Count(a => a.Code == "trust_root_old"));
        Assert.All(gate.Status.Alarms, a => Assert.Equal(taken + TimeSpan.FromDays(120), a.Since));
    }

    [Theory]
    [InlineData(Password, null)]
    [InlineData("wrong", RefusalCodes.RegistryUnauthorized)]
    [InlineData(null, RefusalCodes.RegistryUnauthorized)]
    public async Task DecideAsync_RegistryWithAPassword_IsReadWithTheAuthFile(string? password, string? code)
    {
        await using var registry = await LocalRegistry.StartAsync(Htpasswd, Password);
        var image = TestImages.Text("private");
        await registry.Pusher.PushAsync(Name, "1", image);
        await using var harness = new GateHarness(registry.Host, change: o => password is null ? o : o with { RegistryAuthFile = AuthFile(o, registry.Host, password) });
        await harness.Signer.SignAndPushAsync(registry.Pusher, Name, image.Digest);

        var decision = await harness.DecideAsync($"{registry.Host}/{Name}:1");

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
        Assert.DoesNotContain(password ?? Password, decision.Reason ?? "", StringComparison.Ordinal);
    }

    private static string AuthFile(PolicyOptions options, string host, string password)
    {
        var path = Path.Combine(Path.GetDirectoryName(options.PolicyFile)!, "auth.json");
        var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes("robot:" + password));
        File.WriteAllText(path, $$$"""{"auths":{"{{{host}}}":{ "auth":"{{{pair}}}" } } }""");
        return path;
    }
}
