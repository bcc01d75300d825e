namespace Actors.Verification.Sigstore;

/// <summary>Verifies Sigstore bundles: no clock, no I/O.</summary>
internal static class BundleVerifier
{
    /// <summary>Throws <see cref="VerificationException"/> unless the bundle proves everything that is demanded of it for this artifact.</summary>
    public static VerifiedBundle Verify(SigstoreBundle bundle, ArtifactDigest artifact, BundleDemands demands) => throw new NotImplementedException();
}
