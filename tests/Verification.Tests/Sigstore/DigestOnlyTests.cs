using System.Security.Cryptography;
using System.Text;
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

    [Fact]
    public void Verify_AnotherDigest_IsRefused()
    {
        var recipe = Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r => r.Bundle = b => b.Drop("messageSignature/messageDigest"));
        Assert.Equal("signature_invalid", Assert.Throws<VerificationException>(() => Verify(recipe, OciDigest.Of("other"u8))).Code);
    }

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
