using System.Text;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Tests.Signer;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>Every place where a signature or an attestation may be, through the gate.</summary>
public sealed class PolicyGateLayoutTests : RegistryGate
{
    private const string Root = "trust_roots: { test: root.json }";
    private const string Type = "https://example.com/scan/v1";
    private const string Keyless = $"keyless: {{ identity: \"{Recipe.Identity}\", issuer: \"{Recipe.Issuer}\", trust_root: test }}";
    private const string ByKeyless = $"any: [ {{ {Keyless} }} ]";
    private const string ByAttestation = $"any: [ {{ attestation: {{ predicate_type: {Type}, by: {{ {Keyless} }} }} }} ]";
    private const string CertificateAnnotation = "dev.sigstore.cosign/certificate";
    private const string ChainAnnotation = "dev.sigstore.cosign/chain";
    private const string LogAnnotation = "dev.sigstore.cosign/bundle";

    [Fact]
    public async Task DecideAsync_KeylessSignatureTag_Admits()
    {
        var image = AddImage();
        AddSignatures(image, [KeylessSignature(image.Digest)]);

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        var facts = decision.Evidence[^1].Facts;
        Assert.Equal(("cosign_legacy", Recipe.Identity, Recipe.Issuer), (facts["format"], facts["identity"], facts["issuer"]));
        Assert.NotEmpty(facts["log_entries"]);
    }

    [Theory]
    [InlineData(CertificateAnnotation, null, RefusalCodes.CertificateInvalid)]
    [InlineData(CertificateAnnotation, "junk", RefusalCodes.SignatureInvalid)]
    [InlineData(LogAnnotation, null, RefusalCodes.TransparencyLogMissing)]
    [InlineData(LogAnnotation, "{}", RefusalCodes.SignatureInvalid)]
    [InlineData(ChainAnnotation, null, RefusalCodes.CertificateInvalid)]
    [InlineData(CosignTestSigner.SignatureAnnotation, null, RefusalCodes.SignatureInvalid)]
    [InlineData(CosignTestSigner.SignatureAnnotation, "AA==", RefusalCodes.SignatureInvalid)]
    public async Task DecideAsync_KeylessSignatureTagWithoutOneAnnotation_IsRefused(string annotation, string? value, string code)
    {
        var image = AddImage();

        // The chain is a hint: without it, the intermediate comes from the trust root, so only that test takes it away there.
        var signature = KeylessSignature(image.Digest);
        signature.Descriptor["annotations"]![annotation] = value;
        AddSignatures(image, [signature]);

        var decision = await DecideAsync(ByKeyless, withIntermediate: annotation != ChainAnnotation);

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
    }

    [Fact]
    public async Task DecideAsync_KeylessSignatureTag_ItsChainMayHoldTheIntermediate()
    {
        AddSignatures(AddImage(), [KeylessSignature(AddImage().Digest)]);

        Assert.True((await DecideAsync(ByKeyless, withIntermediate: false)).Admitted);
    }

    [Fact]
    public async Task DecideAsync_KeylessSignatureTagOfAnotherImage_IsDigestMismatch()
    {
        var image = AddImage();
        AddSignatures(image, [KeylessSignature(TestImages.Text("another").Digest)]);

        Assert.Equal(RefusalCodes.DigestMismatch, (await DecideAsync(ByKeyless)).Code);
    }

    [Theory]
    [InlineData(Type, true, null)]
    [InlineData(Recipe.CosignPredicate, true, RefusalCodes.PredicateTypeMismatch)]
    [InlineData(Type, false, RefusalCodes.DigestMismatch)]
    public async Task DecideAsync_AttestationTag_IsJudgedByItsStatement(string type, bool ofThisImage, string? code)
    {
        var image = AddImage();
        var recipe = Recipe.Of(keyless: true, dsse: true, rekor: 1, version: 1, kind: "dsse").With(r => r.PredicateType = type);
        AddAttestation(image, recipe.With(r => r.Artifact = ofThisImage ? image.Manifest : TestImages.Text("another").Manifest).Build());

        var decision = await DecideAsync(ByAttestation);

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
    }

    [Fact]
    public async Task DecideAsync_AttestationTag_IsNoSignature()
    {
        var image = AddImage();
        AddAttestation(image, Recipe.Of(keyless: true, dsse: true, rekor: 1, version: 1, kind: "dsse").With(r => r.Artifact = image.Manifest).Build());

        Assert.Equal(RefusalCodes.Unsigned, (await DecideAsync(ByKeyless)).Code);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, RefusalCodes.SignatureInvalid)]
    public async Task DecideAsync_BundleByKey_IsThatKeysAlone(bool trusted, string? code)
    {
        var image = AddImage();
        var fixture = Recipe.Of(keyless: false, dsse: true, rekor: 0).With(r => r.Artifact = image.Manifest).Build();
        AddBundles(image, fixture.Bundle);

        var pem = trusted ? fixture.Key.Pem : TestKey.P256().Pem;
        var decision = await DecideAsync("any: [ { key: keys/bundle.pub } ]", beforeOpen: f => f.Write("keys/bundle.pub", pem));

        Assert.True(decision.Code == code, $"{decision.Code}: {decision.Reason}");
        Assert.True(!trusted || decision.Evidence[^1].Facts["key"] == "keys/bundle.pub");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DecideAsync_ReferrersEndpoint_IsReadWhereThereIsOne(bool endpoint)
    {
        var image = AddImage();
        ListReferrers(image, [AddReferrer(image, [(BundleType, KeylessBundle(image))])], endpoint);

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal(endpoint ? "api" : "fallback_tag", decision.Evidence[^1].Facts["listed_by"]);
    }

    [Fact]
    public async Task DecideAsync_EndpointThatListsNothing_IsNotDoubted()
    {
        var image = AddImage();
        AddBundles(image, KeylessBundle(image));
        ListReferrers(image, [], endpoint: true);

        Assert.Equal(RefusalCodes.Unsigned, (await DecideAsync(ByKeyless)).Code);
    }

    [Fact]
    public async Task DecideAsync_ReferrerWhoseSubjectIsAnotherImage_IsRefused()
    {
        var image = AddImage();
        var another = TestImages.Text("another");
        ListReferrers(image, [AddReferrer(another, [(BundleType, KeylessBundle(image))])], endpoint: true);

        var decision = await DecideAsync(ByKeyless);

        Assert.Equal(RefusalCodes.SignatureInvalid, decision.Code);
        Assert.Contains("does not name", decision.Evidence[^1].Facts["why"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/octet-stream", false, "bundle_layer_missing")]
    [InlineData("application/octet-stream", true, "bundle_layer_ambiguous")]
    public async Task DecideAsync_ManifestThatHoldsNotExactlyTheBundle_IsRefused(string type, bool besides, string code)
    {
        var image = AddImage();
        (string, byte[])[] layers = besides ? [(BundleType, KeylessBundle(image)), (type, "more"u8.ToArray())] : [(type, KeylessBundle(image))];
        ListReferrers(image, [AddReferrer(image, layers)]);

        var decision = await DecideAsync(ByKeyless);

        Assert.Equal(RefusalCodes.SignatureInvalid, decision.Code);
        Assert.Equal(code, decision.Evidence[^1].Facts["code"]);
    }

    [Fact]
    public async Task DecideAsync_HugeReferrerManifest_IsNotReadAndHidesNothing()
    {
        var image = AddImage();
        var huge = AddReferrer(image, [(BundleType, KeylessBundle(image))], new string('x', 256 * 1024));
        ListReferrers(image, [huge]);
        var alone = await DecideAsync(ByKeyless);
        ListReferrers(image, [(JsonObject)huge.DeepClone(), AddReferrer(image, [(BundleType, KeylessBundle(image))])]);
        var beside = await DecideAsync(ByKeyless);

        Assert.Equal(RefusalCodes.SignatureInvalid, alone.Code);
        Assert.Empty(Registry.Seen((string)huge["digest"]!));
        Assert.True(beside.Admitted, beside.Reason);
    }

    [Fact]
    public async Task DecideAsync_JunkCertificateWhoseExtensionCannotBeRead_HidesNothing()
    {
        var image = AddImage();
        var junk = Recipe.Of(keyless: true, dsse: true, rekor: 1)
            .With(r => (r.Artifact, r.Authority) = (image.Manifest, SigstoreWorld.Stranger.Fulcio))
            .With(r => r.Certificate.Extra.Add((CertificateSpec.KeyUsageOid, [0x30, 0x05])));
        AddBundles(image, junk.Build().Bundle, KeylessBundle(image));

        var decision = await DecideAsync(ByKeyless);

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Contains(decision.Evidence, e => !e.Passed && e.Facts.GetValueOrDefault("code") == "certificate_malformed");
    }

    private static byte[] KeylessBundle(TestImage image) => Recipe.Of(keyless: true, dsse: true, rekor: 1).With(r => r.Artifact = image.Manifest).Build().Bundle;

    private static TestSignature KeylessSignature(string digest)
    {
        var payload = CosignTestSigner.PayloadOf(digest);
        var fixture = Recipe.Of(keyless: true, dsse: false, rekor: 1, version: 1).With(r => r.Artifact = payload).Build();
        var descriptor = TestImages.Descriptor(CosignTestSigner.SimpleSigningType, payload);
        descriptor["annotations"] = Annotations(fixture);
        return new TestSignature(payload, descriptor);
    }

    private void AddAttestation(TestImage image, Fixture fixture)
    {
        var envelope = Encoding.UTF8.GetBytes(fixture.Content.EnvelopeJson!);
        var descriptor = TestImages.Descriptor("application/vnd.dsse.envelope.v1+json", envelope);
        descriptor["annotations"] = Annotations(fixture);
        Registry.Add(Name, image.Digest.Replace(':', '-') + ".att", CosignTestSigner.ManifestOf([new TestSignature(envelope, descriptor)]));
    }

    private static JsonObject Annotations(Fixture fixture)
    {
        var entry = fixture.Entries[0];
        var log = new JsonObject
        {
            ["SignedEntryTimestamp"] = entry["inclusionPromise"]!["signedEntryTimestamp"]!.DeepClone(),
            ["Payload"] = new JsonObject
            {
                ["body"] = entry["canonicalizedBody"]!.DeepClone(),
                ["integratedTime"] = Number(entry["integratedTime"]!),
                ["logIndex"] = Number(entry["logIndex"]!),
                ["logID"] = Convert.ToHexStringLower(Convert.FromBase64String((string)entry["logId"]!["keyId"]!)),
            },
        };
        return new JsonObject
        {
            [CosignTestSigner.SignatureAnnotation] = Convert.ToBase64String(fixture.Content.Signature),
            [CertificateAnnotation] = fixture.Content.Certificate!.ExportCertificatePem(),
            [ChainAnnotation] = string.Concat(SigstoreWorld.Trusted.Fulcio.Chain.Select(c => c.ExportCertificatePem() + "\n")),
            [LogAnnotation] = log.ToJsonString(),
        };
    }

    private static long Number(JsonNode node) => long.Parse(node.ToString(), System.Globalization.CultureInfo.InvariantCulture);

    private TestImage AddImage()
    {
        var image = TestImages.Text("attached to");
        Registry.Add(Name, "1", image);
        return image;
    }

    private async Task<Decision> DecideAsync(string require, bool withIntermediate = true, Action<PolicyFolder>? beforeOpen = null)
    {
        var root = SigstoreWorld.Trusted.TrustedRoot();
        if (!withIntermediate)
        {
            root.Set("certificateAuthorities/0/certChain/certificates", SigstoreWorld.Certificates([SigstoreWorld.Trusted.Root.Certificate]));
        }

        await using var harness = Under(require, Root, folder =>
        {
            folder.Write("root.json", root.ToJsonString());
            beforeOpen?.Invoke(folder);
        });
        return await harness.DecideAsync(Tagged);
    }
}
