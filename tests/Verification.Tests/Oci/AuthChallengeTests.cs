using System.Net.Http.Headers;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

public sealed class AuthChallengeTests
{
    private static readonly OciRepository Secure = new("registry.test:5000", "a/b");

    [Theory]
    [InlineData("realm=\"https://x/token\",service=\"s\"", "https://x/token", "s")]
    [InlineData("realm=\"a\\\"b\" , service=s", "a\"b", "s")]
    [InlineData("REALM=\"a,b\"", "a,b", null)]
    [InlineData("service=\"a\u0007\",realm=r", "r", null)]
    public void Choose_BearerParameters_AreRead(string parameters, string realm, string? service)
    {
        var challenge = AuthChallenge.Choose([new AuthenticationHeaderValue("Bearer", parameters)]);

        Assert.Equal(new AuthChallenge(IsBearer: true, realm, service), challenge);
    }

    [Theory]
    [InlineData("realm=\"open")]
    [InlineData("realm=\"open\\")]
    [InlineData("realm")]
    [InlineData("realm=a,realm=b")]
    [InlineData(null)]
    public void Choose_BearerParametersThatAreNone_IsNoChallenge(string? parameters) =>
        Assert.Null(AuthChallenge.Choose([new AuthenticationHeaderValue("Bearer", parameters)]));

    [Fact]
    public void Choose_ParametersOverTheCap_IsNoChallenge()
    {
        Assert.NotNull(AuthChallenge.Choose([new AuthenticationHeaderValue("Bearer", "realm=" + new string('a', 4000))]));
        Assert.Null(AuthChallenge.Choose([new AuthenticationHeaderValue("Bearer", "realm=" + new string('a', 4096))]));
    }

    [Fact]
    public void Choose_BasicAndBearer_PrefersBearer() =>
        Assert.True(AuthChallenge.Choose([new("Basic", "realm=x"), new("Bearer", "realm=x")])!.IsBearer);

    [Theory]
    [InlineData("https://registry.test:5000/token")]
    [InlineData("https://REGISTRY.test:5000/")]
    public void Require_RealmAtTheRegistry_IsAccepted(string realm) => Assert.Equal(new Uri(realm), AuthRealm.Require(Secure, realm));

    [Theory]
    [InlineData("http://registry.test:5000/token", "not https")]
    [InlineData("https://registry.test/token", "auth_hosts")]
    [InlineData("https://registry.test.evil:5000/token", "auth_hosts")]
    [InlineData("https://evil/registry.test:5000", "auth_hosts")]
    [InlineData("https://registry.test:5000@evil/", "user name")]
    [InlineData("https://registry.test:5000/#x", "fragment")]
    [InlineData("https://registry.test:5000/token?scope=repository:other:push", "query")]
    [InlineData("https://auth.docker.io/token", "auth_hosts")]
    [InlineData("file:///etc/passwd", "")]
    [InlineData("/token", "")]
    [InlineData(null, "no address")]
    public void Require_RealmElsewhere_IsRefused(string? realm, string why)
    {
        var e = Assert.Throws<RegistryException>(() => AuthRealm.Require(Secure, realm));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker.io", "https://auth.docker.io/token", true)]
    [InlineData("docker.io", "https://auth.docker.io:444/token", false)]
    [InlineData("docker.io", "http://auth.docker.io/token", false)]
    [InlineData("docker.io", "https://registry-1.docker.io/token", true)]
    [InlineData("registry.gitlab.com", "https://gitlab.com/jwt/auth", true)]
    [InlineData("ghcr.io", "https://gitlab.com/jwt/auth", false)]
    public void Require_KnownPair_IsAcceptedForItsRegistryOnly(string host, string realm, bool accepted)
    {
        if (accepted)
        {
            Assert.NotNull(AuthRealm.Require(new OciRepository(host, "a/b"), realm));
        }
        else
        {
            Assert.Equal(RegistryFault.ForbiddenAddress, Assert.Throws<RegistryException>(() => AuthRealm.Require(new OciRepository(host, "a/b"), realm)).Fault);
        }
    }
}
