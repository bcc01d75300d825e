using System.Security.Cryptography;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>An authority's own chain is built once; what that remembers must not outlive the certificates.</summary>
public sealed class TrustedAuthorityTests
{
    private static readonly Oid s_timestamping = new(CertificateSpec.TimeStamping);

    [Fact]
    public void HoldsAt_AfterASoundChain_StillRefusesOtherTimes()
    {
        var authority = new TrustedAuthority("test", SigstoreWorld.Trusted.Tsa.Chain, ValidityPeriod.Always);
        var from = new DateTimeOffset(authority.Chain.Max(c => c.NotBefore));
        var until = new DateTimeOffset(authority.Chain.Min(c => c.NotAfter));

        Assert.True(authority.HoldsAt(SigstoreWorld.Now, s_timestamping));
        Assert.True(authority.HoldsAt(SigstoreWorld.Now.AddDays(1), s_timestamping));
        Assert.False(authority.HoldsAt(from.AddSeconds(-1), s_timestamping));
        Assert.False(authority.HoldsAt(until.AddSeconds(1), s_timestamping));
    }

    [Fact]
    public void HoldsAt_AfterAnUnsoundChain_RemembersNothing()
    {
        var authority = new TrustedAuthority("test", SigstoreWorld.Trusted.Fulcio.Chain, ValidityPeriod.Always);

        Assert.False(authority.HoldsAt(SigstoreWorld.Now, s_timestamping));
        Assert.False(authority.HoldsAt(SigstoreWorld.Now, s_timestamping));
    }
}
