using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>Signatures over the artifact itself, whose bytes are at hand.</summary>
public sealed class MessageSignatureTests
{
    [Fact]
    public void Verify_Ed25519OverOtherBytes_IsRefused() =>
        Assert.Equal("signature_invalid", Assert.Throws<VerificationException>(() => Demands.Verify(OverOtherBytes(TestKey.Ed25519()))).Code);

    /// <summary>It may be large, and its digests are known.</summary>
    [Fact]
    public void Verify_KeyThatHashes_DoesNotReadTheArtifactAgain()
    {
        var recipe = OverOtherBytes(TestKey.P256());
        var fixture = recipe.Build();
        var artifact = ArtifactDigest.OfStream(new MemoryStream(fixture.Artifact), () => throw new InvalidOperationException("read again"));
        Assert.Equal("signature_invalid", Assert.Throws<VerificationException>(() => BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), artifact, Demands.For(recipe, fixture))).Code);
    }

    private static Recipe OverOtherBytes(TestKey key) => Recipe.Of(keyless: false, dsse: false, rekor: 0).With(r =>
    {
        r.Key = key;
        r.Signature = _ => key.Sign("other"u8.ToArray());
    });
}
