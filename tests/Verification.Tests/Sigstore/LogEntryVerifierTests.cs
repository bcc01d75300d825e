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

    [Fact]
    public void Verify_Version1LogThatSignsByAnotherNameThanItsAddress_IsKnownByItsKey()
    {
        var recipe = Recipe.Of(keyless: true, dsse: false, rekor: 1).With(r => r.Root = t => t.Set("tlogs/0/baseUrl", "http://rekor-server.internal:3000"));
        Assert.Equal("http://rekor-server.internal:3000", Demands.Verify(recipe).LogEntries.Single().Log);
    }

    [Fact]
    public void Verify_Version2LogThatSignsByAnotherNameThanItsAddress_IsRefused()
    {
        var recipe = Recipe.Of(keyless: true, dsse: false, rekor: 2).With(r => r.Root = t => t.Set("tlogs/1/baseUrl", "http://rekor-server.internal:3000"));
        Assert.Equal("checkpoint_signature_missing", Assert.Throws<VerificationException>(() => Demands.Verify(recipe)).Code);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    [InlineData(null, false)]
    public void Verify_LogThatIsTakenOutOfUse_IsBelievedWithoutATimeUntilThen(int? secondsLeft, bool verifies)
    {
        var end = SigstoreWorld.Now.AddDays(30);
        var recipe = Recipe.Of(keyless: false, dsse: false, rekor: 2).With(r =>
        {
            r.Timestamps.Clear();
            r.Root = t => t.Set("tlogs/1/publicKey/validFor", SigstoreWorld.Window(SigstoreWorld.Now.AddYears(-1), end));
        });
        var verify = () => Demands.Verify(recipe, d => d with { Now = secondsLeft is { } left ? end.AddSeconds(-left) : null });
        if (verifies)
        {
            Assert.Null(verify().LogEntries.Single().IntegratedTime);
            return;
        }

        Assert.Equal("log_outside_window", Assert.Throws<VerificationException>(verify).Code);
    }
}
