using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
    public void Build_CertificateThatNamesWhereItsIssuerIs_DownloadsNothing()
    {
        using var elsewhere = new TcpListener(IPAddress.Loopback, 0);
        elsewhere.Start();
        var between = SigstoreWorld.Trusted.Root.Intermediate(SigstoreWorld.Authority("O=sigstore.test, CN=not in the bundle"), TestKey.P256());
        var spec = Recipe.Leaf();
        spec.Extra.Add(("1.3.6.1.5.5.7.1.1", new X509AuthorityInformationAccessExtension(ocspUris: [], caIssuersUris: [$"http://{elsewhere.LocalEndpoint}/issuer.cer"]).RawData));
        using var certificate = between.Issue(spec, TestKey.P256());
        var authority = new TrustedAuthority("test", SigstoreWorld.Trusted.Fulcio.Chain, ValidityPeriod.Always);

        var fault = authority.Build(certificate, SigstoreWorld.Now, new Oid(CertificateSpec.CodeSigning), [], out _);

        Assert.Equal(ChainFault.Untrusted, fault);
        Assert.False(elsewhere.Pending());
    }

    [Fact]
    public void HoldsAt_AfterAnUnsoundChain_RemembersNothing()
    {
        var authority = new TrustedAuthority("test", SigstoreWorld.Trusted.Fulcio.Chain, ValidityPeriod.Always);

        Assert.False(authority.HoldsAt(SigstoreWorld.Now, s_timestamping));
        Assert.False(authority.HoldsAt(SigstoreWorld.Now, s_timestamping));
    }
}
