using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Tests.Oci;
using Actors.Verification.Tests.Signer;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>What a rule may demand, each met by an image and failed by one that is otherwise the same.</summary>
public sealed class PolicyGateDemandTests : RegistryGate
{
    private const string Root = "trust_roots: { test: root.json }";
    private const string SlsaType = "https://slsa.dev/provenance/v1";
    private const string Builder = "https://github.com/actions/runner/github-hosted";
    private const string Keyless = $"keyless: {{ identity: \"{Recipe.Identity}\", issuer: \"{Recipe.Issuer}\", trust_root: test }}";
    private const string ByKeyless = $"any: [ {{ {Keyless} }} ]";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DecideAsync_KeylessBundle_Admits(int rekor)
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Recipe.Of(keyless: true, dsse: true, rekor)));

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        var facts = decision.Evidence[^1].Facts;
        Assert.Equal(Recipe.Identity, facts["identity"]);
        Assert.Equal(Recipe.Issuer, facts["issuer"]);
        Assert.NotEmpty(facts["log_entries"]);
        Assert.Equal("fallback_tag", facts["listed_by"]);
    }

    [Fact]
    public async Task DecideAsync_JunkAroundTheGoodBundle_Admits()
    {
        var image = AddImage();
        AddBundles(image, "junk"u8.ToArray(), Bundle(image, Recipe.Of(keyless: true, dsse: true, rekor: 1)), "{}"u8.ToArray());
        AddSignatures(image, [Harness.Signer.SignPayload("junk"u8.ToArray())]);

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal(2, decision.Evidence.Count(e => !e.Passed));
        Assert.All(decision.Evidence.Where(e => !e.Passed), e => Assert.True(e.Facts["stage"].Length > 0 && e.Facts["code"].Length > 0));
    }

    [Fact]
    public Task DecideAsync_OtherIdentity_IsItsOwnReason() =>
        RefusedAsync(r => r, RefusalCodes.IdentityMismatch, ByKeyless.Replace("refs/heads/main", "refs/heads/other", StringComparison.Ordinal));

    [Fact]
    public Task DecideAsync_OtherIssuer_IsItsOwnReason() =>
        RefusedAsync(r => r, RefusalCodes.IssuerMismatch, ByKeyless.Replace(Recipe.Issuer, "https://issuer.example.com", StringComparison.Ordinal));

    [Fact]
    public Task DecideAsync_CertificateExpiredWhenItSigned_IsItsOwnReason() => RefusedAsync(
        r => r.With(x => (x.Certificate.NotBefore, x.Certificate.NotAfter) = (SigstoreWorld.Now.AddMinutes(-20), SigstoreWorld.Now.AddMinutes(-10))),
        RefusalCodes.CertificateExpired);

    [Fact]
    public Task DecideAsync_AnotherImagesSignature_IsItsOwnReason() =>
        RefusedAsync(r => r.With(x => x.Artifact = TestImages.Text("another").Manifest), RefusalCodes.DigestMismatch);

    [Fact]
    public Task DecideAsync_CVE_2022_35929_SbomAttestationInPlaceOfASignature_IsItsOwnReason() =>
        RefusedAsync(r => r.With(x => x.PredicateType = "https://spdx.dev/Document"), RefusalCodes.PredicateTypeMismatch);

    [Fact]
    public Task DecideAsync_StrangersAuthority_IsCertificateInvalid() =>
        RefusedAsync(r => r.With(x => x.Authority = SigstoreWorld.Stranger.Fulcio), RefusalCodes.CertificateInvalid);

    [Fact]
    public async Task DecideAsync_KeyWithoutALogEntry_IsRefusedOnlyWhereTheLogIsRequired()
    {
        var image = AddSigned("log");

        var ignored = await DecideAsync("any: [ { key: keys/demo.pub } ]", image);
        var required = await DecideAsync("any: [ { key: keys/demo.pub, transparency_log: required, trust_root: test } ]", image);

        Assert.True(ignored.Admitted, ignored.Reason);
        Assert.Equal(RefusalCodes.TransparencyLogMissing, required.Code);
    }

    [Fact]
    public async Task DecideAsync_All_NeedsEachAndAnyNeedsOne()
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Recipe.Of(keyless: true, dsse: true, rekor: 1)));

        var any = await DecideAsync($"any: [ {{ key: keys/demo.pub }}, {{ {Keyless} }} ]");
        var all = await DecideAsync($"all: [ {{ key: keys/demo.pub }}, {{ {Keyless} }} ]");
        var nested = await DecideAsync($"all: [ {{ {Keyless} }}, {{ any: [ {{ key: keys/demo.pub }}, {{ {Keyless} }} ] }} ]");

        Assert.True(any.Admitted, any.Reason);
        Assert.Equal(RefusalCodes.SignatureInvalid, all.Code);
        Assert.True(nested.Admitted, nested.Reason);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("builder_ids: [ https://other.example.com ]", RefusalCodes.ProvenanceMismatch)]
    [InlineData("build_types: [ https://other.example.com ]", RefusalCodes.ProvenanceMismatch)]
    [InlineData("source_repository: https://github.com/other/image", RefusalCodes.ProvenanceMismatch)]
    [InlineData("source_ref: refs/heads/other", RefusalCodes.ProvenanceMismatch)]
    [InlineData("source_ref_regex: 'refs/tags/.*'", RefusalCodes.ProvenanceMismatch)]
    public async Task DecideAsync_Provenance_MustBeAsDemanded(string change, string? code)
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Provenance()));
        var rules = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["builder_ids"] = $"[ {Builder} ]",
            ["source_repository"] = Recipe.Repository,
            ["source_ref"] = Recipe.Reference,
        };
        if (change.Length > 0)
        {
            var name = change.Split(": ")[0];
            rules.Remove(name == "source_ref_regex" ? "source_ref" : name);
            rules[name] = change[(name.Length + 2)..];
        }

        var decision = await DecideAsync(Attested($"slsa: {{ {string.Join(", ", rules.Select(r => $"{r.Key}: {r.Value}"))} }}"));

        Assert.Equal(code, decision.Code);
    }

    [Theory]
    [InlineData("build_types: [ https://actions.github.io/buildtypes/workflow/v1 ]", null)]
    [InlineData("build_types: [ https://other.example.com ]", "build_type_not_allowed")]
    [InlineData("source_repository: https://github.com/other/image", "source_repository_not_allowed")]
    [InlineData("source_ref: refs/heads/other", "source_ref_not_allowed")]
    public async Task DecideAsync_ProvenanceWithOneDemandBesidesTheBuilder_IsToldApart(string demand, string? code)
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Provenance()));

        var decision = await DecideAsync(Attested($"slsa: {{ builder_ids: [ {Builder} ], {demand} }}"));

        Assert.Equal(code is null, decision.Admitted);
        Assert.Equal(code, decision.Evidence[^1].Facts.GetValueOrDefault("code"));
    }

    [Theory]
    [InlineData(12, "https://github.com/other/image", "source_repository_mismatch")]
    [InlineData(12, null, "source_repository_mismatch")]
    [InlineData(14, "refs/heads/other", "source_ref_mismatch")]
    [InlineData(14, null, "source_ref_mismatch")]
    [InlineData(9, null, "builder_mismatch")]
    public async Task DecideAsync_ProvenanceThatItsCertificateContradicts_IsRefused(int extension, string? value, string code)
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Provenance().With(r => r.Certificate.SetFulcio(extension, value))));

        var decision = await DecideAsync(Attested($"slsa: {{ builder_ids: [ {Builder} ] }}"));

        Assert.Equal(RefusalCodes.ProvenanceMismatch, decision.Code);
        Assert.Equal(code, decision.Evidence[^1].Facts["code"]);
    }

    [Theory]
    [InlineData("$.buildDefinition.externalParameters.workflow.ref, equals: refs/heads/main", null)]
    [InlineData("$.buildDefinition.externalParameters.workflow.ref, equals: refs/heads/other", RefusalCodes.ConditionMismatch)]
    [InlineData("$.nothing, equals: 1", RefusalCodes.ConditionMismatch)]
    public async Task DecideAsync_Conditions_MustHold(string condition, string? code)
    {
        var image = AddImage();
        AddBundles(image, Bundle(image, Provenance()));

        Assert.Equal(code, (await DecideAsync(Attested($"conditions: [ {{ path: {condition} }} ]"))).Code);
    }

    [Fact]
    public async Task DecideAsync_NoAttestation_IsItsOwnReason()
    {
        AddImage();

        Assert.Equal(RefusalCodes.AttestationMissing, (await DecideAsync(Attested(""))).Code);
    }

    [Fact]
    public async Task DecideAsync_WarnMode_AdmitsAndSaysSo()
    {
        var image = AddImage();
        await using var harness = new GateHarness(Registry.Host, GateHarness.RuleFor(Registry.Host) + "\n    mode: warn");

        var decision = await harness.DecideAsync(Tagged);

        Assert.True(decision.Admitted);
        Assert.Equal(image.Digest, decision.Digest);
        var mode = decision.Evidence[^1];
        Assert.Equal(("mode", false, RefusalCodes.Unsigned), (mode.Check, mode.Passed, mode.Facts["code"]));
        Assert.Contains(harness.Log.Lines, l => l.Level == LogLevel.Warning && l.Text.Contains("only warns", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DecideAsync_WarnModeButDeniedDigestOrNoImage_IsRefused()
    {
        var image = AddImage();
        var rules = GateHarness.RuleFor(Registry.Host) + "\n    mode: warn";
        await using var harness = new GateHarness(Registry.Host, rules, $"deny_digests: [ {image.Digest} ]");

        Assert.Equal(RefusalCodes.DigestDenied, (await harness.DecideAsync(Tagged)).Code);
        Assert.Equal(RefusalCodes.ImageNotFound, (await harness.DecideAsync($"{Registry.Host}/{Name}:2")).Code);
    }

    [Theory]
    [InlineData(true, true, null)]
    [InlineData(false, true, null)]
    [InlineData(true, false, RefusalCodes.RegistryProtocol)]
    [InlineData(false, false, RefusalCodes.RegistryProtocol)]
    public async Task DecideAsync_MoreReferrersThanAreLookedAt_TheBundlesAmongThemMaySettleItButProveNothingAbsent(bool endpoint, bool signed, string? code)
    {
        var image = AddImage();
        var bundle = AddReferrer(image, [(BundleType, Bundle(image, Recipe.Of(keyless: true, dsse: true, rekor: 1)))]);
        bundle["artifactType"] = BundleType;
        List<JsonObject> scans = [.. Enumerable.Range(0, 51).Select(i => TestImages.Descriptor(TestImages.ManifestType, BitConverter.GetBytes(i)))];
        scans.ForEach(s => s["artifactType"] = "application/sarif+json");
        ListReferrers(image, signed ? [.. scans, bundle] : scans, endpoint);

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
        Assert.Equal(code is not null, decision.Reason?.Contains("more than 50 entries", StringComparison.Ordinal) == true);
        Assert.Single(Registry.Requests, r => r.Query == "?artifactType=" + Uri.EscapeDataString(BundleType));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task DecideAsync_EntriesOfTheListThatNameNothing_AreCountedInTheEvidence(int malformed)
    {
        var image = AddImage();
        var bundle = AddReferrer(image, [(BundleType, Bundle(image, Recipe.Of(keyless: true, dsse: true, rekor: 1)))]);
        ListReferrers(image, [.. Enumerable.Range(0, malformed).Select(_ => new JsonObject()), bundle]);

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal(malformed > 0 ? ["2"] : [], decision.Evidence.Where(e => e.Check == "referrers").Select(e => e.Facts["malformed"]));
    }

    [Theory]
    [InlineData("acme/signatures", true)]
    [InlineData("acme/others", false)]
    public async Task DecideAsync_SignaturesInAnotherRepository_AreLookedForThereAlone(string repository, bool admitted)
    {
        await using var elsewhere = await HostileRegistry.StartAsync();
        var image = AddImage();
        await using var harness = new GateHarness(
            Registry.Host,
            $"{GateHarness.RuleFor(Registry.Host)}\n    signatures: \"{elsewhere.Host}/{repository}\"",
            $"hosts: {{ \"{elsewhere.Host}\": {{ insecure: true }} }}");
        AddSignatures(image, [harness.Signer.Sign(image.Digest)]);
        elsewhere.Add("acme/signatures", CosignTestSigner.TagOf(image.Digest), CosignTestSigner.ManifestOf([harness.Signer.Sign(image.Digest)]));

        var decision = await harness.DecideAsync(Tagged);

        Assert.Equal(admitted ? null : RefusalCodes.Unsigned, decision.Code);
        Assert.DoesNotContain(Registry.Requests, r => r.Path.Contains("sha256-", StringComparison.Ordinal));
        Assert.Equal(admitted ? $"{elsewhere.Host}/{repository}" : null, decision.Evidence[^1].Facts.GetValueOrDefault("repository"));
    }

    [Fact]
    public async Task DecideAsync_SignaturesInAnotherRegistry_AreReachedByItsOwnSettings()
    {
        await using var elsewhere = await HostileRegistry.StartAsync();
        AddImage();
        await using var harness = new GateHarness(Registry.Host, $"{GateHarness.RuleFor(Registry.Host)}\n    signatures: \"{elsewhere.Host}/acme/signatures\"");

        Assert.Equal(RefusalCodes.RegistryProtocol, (await harness.DecideAsync(Tagged)).Code);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task DecideAsync_SignedIndex_LaunchesItsChildForThePlatform()
    {
        var child = TestImages.Text("child");
        Registry.Add(Name, "child", child);
        var index = AddIndex(child);
        AddSignatures(index, [Harness.Signer.Sign(index.Digest)]);

        var decision = await Harness.DecideAsync(Tagged);
        var ofChild = await Harness.DecideAsync(Pinned(child));

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal($"{Registry.Host}/{Name}@{child.Digest}", decision.Reference);
        Assert.Equal(index.Digest, decision.Evidence[2].Facts["digest"]);
        Assert.Equal(child.Digest, decision.Evidence[2].Facts["platform_digest"]);
        Assert.Equal(RefusalCodes.Unsigned, ofChild.Code);
    }

    [Theory]
    [InlineData(true, "default", "amd64")]
    [InlineData(true, "arm", "arm64")]
    [InlineData(false, "arm", "amd64")]
    public async Task DecideAsync_ProfileThatSelectsNodesByProcessor_LaunchesTheChildForThoseInACluster(bool byNodes, string profile, string architecture)
    {
        var children = new Dictionary<string, TestImage>(StringComparer.Ordinal) { ["amd64"] = TestImages.Text("one"), ["arm64"] = TestImages.Text("other") };
        foreach (var (name, child) in children)
        {
            Registry.Add(Name, name, child);
        }

        var index = AddIndex([.. children.Select(c => (c.Value, c.Key))]);
        await using var harness = new GateHarness(
            Registry.Host,
            beforeOpen: f => File.AppendAllText(f.PolicyPath, $"{PolicyFolder.Profiles.Split('\n', 2)[1].Replace("default:", "arm:", StringComparison.Ordinal)}\n    nodes: {{ selector: {{ kubernetes.io/arch: arm64 }} }}\n"),
            change: o => o with { PlatformByNodes = byNodes });
        AddSignatures(index, [harness.Signer.Sign(index.Digest)]);

        // The second answer comes from what is remembered of the first, of another profile nothing is.
        Assert.Equal(children["amd64"].Digest, (await harness.DecideAsync(Pinned(index))).Digest);
        Assert.Equal(children[architecture].Digest, (await harness.DecideAsync(Pinned(index), profile)).Digest);
    }

    [Fact]
    public async Task DecideAsync_ChildOfASignedIndexIsDenied_IsRefused()
    {
        var child = TestImages.Text("bad child");
        Registry.Add(Name, "child", child);
        var index = AddIndex(child);
        await using var harness = Under("any: [ { key: keys/demo.pub } ]", $"deny_digests: [ {child.Digest} ]");
        AddSignatures(index, [harness.Signer.Sign(index.Digest)]);

        Assert.Equal(RefusalCodes.DigestDenied, (await harness.DecideAsync(Tagged)).Code);
    }

    private static string Attested(string more) => $"all: [ {{ attestation: {{ predicate_type: {SlsaType}, by: {{ {Keyless} }}{(more.Length == 0 ? "" : ", " + more)} }} }} ]";

    private static Recipe Provenance() => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r =>
    {
        r.PredicateType = SlsaType;
        r.Statement = s => s["predicate"] = new JsonObject
        {
            ["buildDefinition"] = new JsonObject
            {
                ["buildType"] = "https://actions.github.io/buildtypes/workflow/v1",
                ["externalParameters"] = new JsonObject { ["workflow"] = new JsonObject { ["repository"] = Recipe.Repository, ["ref"] = Recipe.Reference } },
            },
            ["runDetails"] = new JsonObject { ["builder"] = new JsonObject { ["id"] = Builder } },
        };
    });

    private static byte[] Bundle(TestImage image, Recipe recipe)
    {
        recipe.Artifact = image.Manifest;
        return recipe.Build().Bundle;
    }

    private TestImage AddImage()
    {
        var image = TestImages.Text("demanded");
        Registry.Add(Name, "1", image);
        return image;
    }

    private TestImage AddIndex(TestImage child) => AddIndex([(child, "amd64")]);

    private TestImage AddIndex(IReadOnlyList<(TestImage Image, string Architecture)> children)
    {
        var entries = new JsonArray();
        foreach (var (child, architecture) in children)
        {
            var entry = TestImages.Descriptor(child.MediaType, child.Manifest);
            entry["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = architecture };
            entries.Add((JsonNode)entry);
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = IndexType, ["manifests"] = entries });
        var index = new TestImage(bytes, IndexType, children[0].Image.Config, []);
        Registry.Add(Name, "1", index);
        return index;
    }

    private async Task RefusedAsync(Func<Recipe, Recipe> change, string code, string require = ByKeyless)
    {
        var image = AddImage();
        AddBundles(image, change(Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r => r.Artifact = image.Manifest)).Build().Bundle);

        var decision = await DecideAsync(require);

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
    }

    private async Task<Decision> DecideAsync(string require, TestImage? resign = null)
    {
        await using var harness = Under(require, Root, beforeOpen: folder => folder.Write("root.json", SigstoreWorld.Trusted.TrustedRoot().ToJsonString()));
        if (resign is not null)
        {
            AddSignatures(resign, [harness.Signer.Sign(resign.Digest)]);
        }

        return await harness.DecideAsync(Tagged);
    }
}
