using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Actors.RunnerApi.Kubernetes.Client;

namespace Actors.RunnerApi.Tests.Kubernetes;

public sealed class ServerTrustTests
{
    [Fact]
    public void Accepts_NamedAuthority_ItsOwnAlone()
    {
        using var named = Authority("CN=named");
        using var other = Authority("CN=other");
        using var good = Leaf(named);
        using var foreign = Leaf(other);
        var trust = ServerTrust.Pem(named.ExportCertificatePem(), TimeProvider.System);

        Assert.True(trust.Accepts(good, null, SslPolicyErrors.RemoteCertificateChainErrors));

        // What the machine trusts does not count beside a named authority.
        Assert.False(trust.Accepts(foreign, null, SslPolicyErrors.None));
        Assert.False(trust.Accepts(foreign, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(trust.Accepts(good, null, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(trust.Accepts(null, null, SslPolicyErrors.None));
    }

    [Fact]
    public void Accepts_IntermediateSentByTheServer_IsUsed()
    {
        using var root = Authority("CN=root");
        using var intermediate = Authority("CN=intermediate", root);
        using var leaf = Leaf(intermediate);
        using var sent = new X509Chain();
        sent.ChainPolicy.ExtraStore.Add(intermediate);
        var trust = ServerTrust.Pem(root.ExportCertificatePem(), TimeProvider.System);

        Assert.True(trust.Accepts(leaf, sent, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(trust.Accepts(leaf, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer = null) => Issue(name, issuer, authority: true);

    private static X509Certificate2 Leaf(X509Certificate2 issuer) => Issue("CN=server", issuer, authority: false);

    private static X509Certificate2 Issue(string name, X509Certificate2? issuer, bool authority)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, hasPathLengthConstraint: false, 0, critical: true));
        if (!authority)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        }

        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = (issuer?.NotBefore ?? now.AddMinutes(-5), issuer?.NotAfter ?? now.AddHours(1));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var certificate = request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
