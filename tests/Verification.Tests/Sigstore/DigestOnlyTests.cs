using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>Only the artifact's SHA-256 is known, as for an image.</summary>
public sealed class DigestOnlyTests
{
    [Fact]
    public void Verify_Ed25519OverAMessage_NeedsTheBytes() =>
        NeedsTheBytes(Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r => r.Key = TestKey.Ed25519()));

    [Fact]
    public void Verify_LogEntryOfAnotherDigestAlgorithm_NeedsTheBytes() =>
        NeedsTheBytes(Recipe.Of(keyless: false, dsse: false, rekor: 2).With(r => r.Entries[0].Body = b =>
        {
            b.Set("spec/hashedRekordV002/data/algorithm", "SHA2_512");
            b.Set("spec/hashedRekordV002/data/digest", Convert.ToBase64String(SHA512.HashData(r.Artifact)));
        }));

    [Theory]
    [InlineData(384)]
    [InlineData(521)]
    public void Verify_EcdsaOverALongerHash_NeedsTheBytes(int curve) =>
        NeedsTheBytes(Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r => r.Key = curve == 384 ? TestKey.P384() : TestKey.P521()));

    [Fact]
    public void Verify_EcdsaP384OverSha256_DoesNotNeedTheBytes()
    {
        var recipe = Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r =>
        {
            r.Key = TestKey.P384();
            r.Signature = _ => r.Key.Sign(r.Artifact, HashAlgorithmName.SHA256);
        });
        Verify(recipe, OciDigest.Of(recipe.Artifact));
    }

    [Theory]
    [InlineData("sha384")]
    [InlineData("sha512")]
    public void Verify_SubjectOfAnotherDigestAlgorithm_NeedsTheBytes(string algorithm) => NeedsTheBytes(Subject([(algorithm, r => Hash(algorithm, r))]));

    [Fact]
    public void Verify_SubjectOfSeveralDigests_ComparesThoseThatItCan()
    {
        var recipe = Subject([("sha256", r => Hash("sha256", r)), ("sha512", _ => "00")]);
        Verify(recipe, OciDigest.Of(recipe.Artifact));
        Assert.Equal("subject_mismatch", Assert.Throws<VerificationException>(() => Verify(recipe, OciDigest.Of("other"u8))).Code);
        Assert.Equal("subject_mismatch", Assert.Throws<VerificationException>(() => Demands.Verify(recipe)).Code);
    }

    [Fact]
    public void Verify_SubjectOfNoKnownDigest_IsAnother()
    {
        var recipe = Subject([("gitCommit", r => Hash("sha256", r))]);
        Assert.Equal("subject_mismatch", Assert.Throws<VerificationException>(() => Verify(recipe, OciDigest.Of(recipe.Artifact))).Code);
    }

    [Fact]
    public void Verify_SubjectWithOtherBytesByAnotherAlgorithm_IsAnother()
    {
        var recipe = Subject([("sha512", _ => Hash("sha512", "other"u8.ToArray()))]);
        Assert.Equal("subject_mismatch", Assert.Throws<VerificationException>(() => Demands.Verify(recipe)).Code);
    }

    [Fact]
    public void Verify_AnotherDigest_IsRefused()
    {
        var recipe = Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r => r.Bundle = b => b.Drop("messageSignature/messageDigest"));
        Assert.Equal("signature_invalid", Assert.Throws<VerificationException>(() => Verify(recipe, OciDigest.Of("other"u8))).Code);
    }

    private static Recipe Subject((string Algorithm, Func<byte[], string> Digest)[] digests) => Recipe.Of(keyless: false, dsse: true, rekor: 0).With(r => r.Statement = s =>
        s.Set("subject/0/digest", new JsonObject(digests.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Algorithm, d.Digest(r.Artifact))))));

    private static string Hash(string algorithm, byte[] bytes) => Convert.ToHexStringLower(CryptographicOperations.HashData(new HashAlgorithmName(algorithm.ToUpperInvariant()), bytes));

    private static void NeedsTheBytes(Recipe recipe)
    {
        Demands.Verify(recipe);
        Assert.Equal("artifact_bytes_needed", Assert.Throws<VerificationException>(() => Verify(recipe, OciDigest.Of(recipe.Artifact))).Code);
    }

    private static void Verify(Recipe recipe, OciDigest digest)
    {
        var fixture = recipe.Build();
        BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), ArtifactDigest.Of(digest), Demands.For(recipe, fixture));
    }
}
