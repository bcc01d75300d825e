using Actors.Verification.Cryptography;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Signer;

/// <summary>What the tests demand of a fixture.</summary>
internal static class Demands
{
    /// <summary>Exactly who signed by the recipe's defaults.</summary>
    public static BundleDemands For(Recipe recipe, Fixture fixture)
    {
        var root = TrustedRoot.Parse(fixture.Root);
        return recipe.Keyless
            ? new BundleDemands(Keyless(root)) { PredicateType = recipe.Dsse ? Recipe.CosignPredicate : null }
            : new BundleDemands(Key(fixture.Key), root, RequireTransparencyLog: recipe.Rekor > 0) { PredicateType = recipe.Dsse ? Recipe.CosignPredicate : null };
    }

    public static KeylessSignatory Keyless(TrustedRoot root, string identity = Recipe.Identity, string issuer = Recipe.Issuer) =>
        new(new CertificateIdentity(IdentityPattern.Exact(identity), IdentityPattern.Exact(issuer)), root);

    public static KeySignatory Key(TestKey key) =>
        TrustedPublicKey.TryParse("signer", key.Pem, out var parsed, out var fault) ? new KeySignatory(parsed) : throw new InvalidOperationException(fault);

    /// <summary>Parses and verifies; throws as the product does.</summary>
    public static VerifiedBundle Verify(Recipe recipe, Func<BundleDemands, BundleDemands>? change = null, byte[]? artifact = null)
    {
        var fixture = recipe.Build();
        var demands = For(recipe, fixture);
        return BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), ArtifactDigest.OfBytes(artifact ?? fixture.Artifact), change?.Invoke(demands) ?? demands);
    }
}
