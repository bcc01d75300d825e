using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

public sealed class LogEntryVerifierTests
{
    [Fact]
    public void Verify_ProofThatLeadsNowhereBesideAnEmptyRootHash_IsRefused()
    {
        var fixture = Recipe.Of(keyless: true, dsse: false, rekor: 2).Build();
        var entry = SigstoreBundle.Parse(fixture.Bundle).LogEntries[0];
        var proof = entry.Proof!;
        var nowhere = entry with { LogIndex = proof.TreeSize, Proof = proof with { LogIndex = proof.TreeSize, RootHash = [] } };

        var thrown = Assert.Throws<VerificationException>(() => LogEntryVerifier.Verify(nowhere, BundleFormat.V03, TrustedRoot.Parse(fixture.Root)));

        Assert.Equal("inclusion_proof_invalid", thrown.Code);
    }
}
