using System.Text;
using Actors.Testing;
using Actors.Verification.Oci;
using Microsoft.AspNetCore.Http;

namespace Actors.Verification.Tests.Oci;

public sealed class RegistryAuthTests : IAsyncLifetime
{
    private const string Name = "a/b";
    private const string Password = "s3cret-pass";
    private static readonly string BasicHeader = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("robot:" + Password));
    private readonly FakeTimeProvider _clock = new();
    private readonly KnownCredentials _credentials = new();
    private readonly List<string> _forms = [];
    private OciClient _client = null!;
    private HostileRegistry _registry = null!;
    private HostileRegistry _other = null!;
    private string _challenge = "";
    private Func<HttpContext, Task> _token = null!;

    private OciRepository Repository => new(_registry.Host, Name, insecure: true);

    private IEnumerable<SeenRequest> TokenRequests => _registry.Requests.Concat(_other.Requests).Where(r => r.Path == "/token");

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _other = await HostileRegistry.StartAsync();
        _registry.Add(Name, "1", TestImages.Text("x"));
        _registry.Add("c/d", "1", TestImages.Text("x"));
        _challenge = $"Bearer realm=\"http://{_registry.Host}/token\",service=\"the registry\",scope=\"repository:{Name}:pull,push,delete\"";
        _token = c => c.Response.WriteAsync("{\"token\":\"abc\",\"expires_in\":300}");
        _registry.Trick = AnswerAsync;
        _other.Trick = AnswerAsync;
        _client = new OciClient(new OciClientOptions { Credentials = _credentials, Time = _clock, PublicAddress = _ => true });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task Bearer_WithPassword_GetsATokenForPullingThisRepositoryOnly()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));

        await ReadAsync();

        var request = Assert.Single(TokenRequests);
        Assert.Equal(BasicHeader, request.Headers["Authorization"]);
        Assert.Equal($"?scope=repository%3Aa%2Fb%3Apull&service=the%20registry", request.Query);
        Assert.Equal(["", "Bearer abc"], _registry.Requests.Where(r => r.Path != "/token").Select(Authorization));
    }

    [Fact]
    public async Task Bearer_WithoutCredentials_AsksAnonymously()
    {
        await ReadAsync();

        Assert.Equal("", Authorization(Assert.Single(TokenRequests)));
    }

    [Fact]
    public async Task Bearer_IdentityToken_IsExchangedInTheBodyOnly()
    {
        _credentials.With(_registry.Host, RegistryCredential.Identity("refresh-me"));

        await ReadAsync();

        var request = Assert.Single(TokenRequests);
        Assert.Equal(("", ""), (Authorization(request), request.Query));
        Assert.Equal("scope=repository%3Aa%2Fb%3Apull&service=the+registry&grant_type=refresh_token&refresh_token=refresh-me&client_id=actors-runner", Assert.Single(_forms));
    }

    [Fact]
    public async Task Bearer_AccessTokenMember_IsAToken()
    {
        _token = c => c.Response.WriteAsync("{\"access_token\":\"abc\"}");

        await ReadAsync();
    }

    [Fact]
    public async Task Bearer_TokenInItsLifetime_IsUsedAgainForThatRepositoryOnly()
    {
        await ReadAsync();
        await ReadAsync();
        Assert.Single(TokenRequests);

        await _client.GetManifestAsync(Repository with { Name = "c/d" }, "1", default);

        Assert.Equal(2, TokenRequests.Count());
        Assert.Equal("", Authorization(_registry.Requests.First(r => r.Path.StartsWith("/v2/c/d", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(294, 1)]
    [InlineData(295, 2)]
    public async Task Bearer_Token_IsRenewedShortlyBeforeItExpires(int seconds, int requests)
    {
        await ReadAsync();
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        await ReadAsync();

        Assert.Equal(requests, TokenRequests.Count());
    }

    [Theory]
    [InlineData("9999999", 3600)]
    [InlineData("-5", 0)]
    [InlineData("\"300\"", 55)]
    public async Task Bearer_ExpiresInThatIsOdd_IsBounded(string expiresIn, int seconds)
    {
        _token = c => c.Response.WriteAsync($"{{\"token\":\"abc\",\"expires_in\":{expiresIn}}}");

        await ReadAsync();
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        await ReadAsync();

        Assert.Equal(2, TokenRequests.Count());
    }

    [Fact]
    public async Task Bearer_TokenThatWasRevoked_IsRenewedOnce()
    {
        await ReadAsync();
        _token = c => c.Response.WriteAsync("{\"token\":\"def\"}");
        var first = true;
        _registry.Trick = async c =>
        {
            if (c.Request.Headers.Authorization == "Bearer abc" && first)
            {
                first = false;
                c.Response.StatusCode = 401;
                c.Response.Headers.WWWAuthenticate = _challenge;
                return true;
            }

            return await AnswerAsync(c);
        };

        await ReadAsync();

        Assert.Equal("Bearer def", Authorization(_registry.Requests.Last()));
    }

    [Fact]
    public async Task Bearer_TokenThatIsNeverAccepted_IsUnauthorizedAfterTwoTries()
    {
        _registry.Trick = async c =>
        {
            c.Request.Headers.Remove("Authorization");
            return await AnswerAsync(c);
        };

        await RegistryAssert.FaultAsync(RegistryFault.Unauthorized, ReadAsync);
        Assert.Equal(2, _registry.Requests.Count(r => r.Path != "/token"));
    }

    [Fact]
    public async Task Bearer_RealmOnAnotherHost_GetsNothing()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = $"Bearer realm=\"http://{_other.Host}/token\",service=\"x\"";

        var e = await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, ReadAsync, "auth_hosts");

        Assert.Contains(_other.Host, e.Message, StringComparison.Ordinal);
        Assert.Empty(_other.Requests);
        Assert.Empty(_credentials.Asked);
    }

    [Fact]
    public async Task Bearer_RealmThatTheOperatorPaired_IsAsked()
    {
        _challenge = $"Bearer realm=\"http://{_other.Host}/token\",service=\"x\"";
        var paired = Repository with { Options = new RegistryOptions { Insecure = true, AuthRealmHosts = [_other.Host] } };

        await _client.GetManifestAsync(paired, "1", default);

        Assert.Equal("/token", Assert.Single(_other.Requests).Path);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/iam")]
    [InlineData("http://[fd00:ec2::254]/latest")]
    public async Task Bearer_CVE_2026_48978_RealmAtTheMetadataAddress_IsRefusedEvenWhenPaired(string realm)
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = $"Bearer realm=\"{realm}\"";

        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, ReadAsync, "which was not done");

        var paired = Repository with { Options = new RegistryOptions { Insecure = true, AuthRealmHosts = [new Uri(realm).Authority, new Uri(realm).IdnHost] } };
        using var real = new OciClient(new OciClientOptions { Credentials = _credentials, Time = _clock });
        await RegistryAssert.FaultAsync(RegistryFault.ForbiddenAddress, () => real.GetManifestAsync(paired, "1", default), "not reached");
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    public async Task Bearer_TokenServiceRedirects_IsNotFollowed(int status)
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _token = c =>
        {
            c.Response.StatusCode = status;
            c.Response.Headers.Location = $"http://{_other.Host}/token";
            return Task.CompletedTask;
        };

        await RegistryAssert.FaultAsync(RegistryFault.Protocol, ReadAsync, "redirects are not followed");
        Assert.Empty(_other.Requests);
    }

    [Fact]
    public Task Bearer_EndlessTokenBody_IsTooLarge()
    {
        _token = async c =>
        {
            var chunk = Encoding.ASCII.GetBytes(new string(' ', 16 * 1024));
            while (!c.RequestAborted.IsCancellationRequested)
            {
                await c.Response.Body.WriteAsync(chunk);
            }
        };
        return RegistryAssert.FaultAsync(RegistryFault.TooLarge, ReadAsync, "token");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"token\":\"\"}")]
    [InlineData("{\"token\":\"a b\"}")]
    [InlineData("{\"token\":\"a\\r\\nX-Evil: 1\"}")]
    [InlineData("{\"token\":\"\\ud800\"}")]
    [InlineData("{\"token\":7}")]
    public Task Bearer_AnswerWithoutAUsableToken_IsProtocol(string body)
    {
        _token = c => c.Response.WriteAsync(body);
        return RegistryAssert.FaultAsync(RegistryFault.Protocol, ReadAsync, "Mend the token service");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bearer_TokenRefused_IsUnauthorizedWithoutTheSecret(bool configured)
    {
        if (configured)
        {
            _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        }

        _token = c =>
        {
            c.Response.StatusCode = 401;
            return Task.CompletedTask;
        };

        var e = await RegistryAssert.FaultAsync(RegistryFault.Unauthorized, ReadAsync, configured ? "configured credentials" : "without credentials");
        Assert.DoesNotContain(Password, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Basic_WithPassword_IsSentToTheRegistryAfterItAskedAndRememberedShortly()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = "Basic realm=\"somewhere\"";

        await ReadAsync();
        await ReadAsync();
        Assert.Equal(["", BasicHeader, BasicHeader], _registry.Requests.Select(Authorization));

        _clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync();
        Assert.Equal(2, _credentials.Asked.Count);
    }

    [Theory]
    [InlineData("Basic realm=\"x\"")]
    [InlineData("Digest realm=\"x\"")]
    [InlineData("")]
    public Task Challenge_WithoutAnAnswer_IsUnauthorized(string challenge)
    {
        _challenge = challenge;
        return RegistryAssert.FaultAsync(RegistryFault.Unauthorized, ReadAsync);
    }

    [Fact]
    public Task Basic_IdentityTokenOnly_IsUnauthorized()
    {
        _credentials.With(_registry.Host, RegistryCredential.Identity("refresh-me"));
        _challenge = "Basic realm=\"x\"";
        return RegistryAssert.FaultAsync(RegistryFault.Unauthorized, ReadAsync, "user name");
    }

    [Fact]
    public async Task Credentials_CVE_2020_15157_BlobRedirectedToAnotherOriginAndBack_GoOnlyToTheFirstRequest()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = "Basic realm=\"x\"";
        var blob = "content"u8.ToArray();
        _registry.Serve("/back", blob, "x/y");
        _registry.Trick = async c =>
        {
            if (c.Request.Path == "/back")
            {
                return false;
            }

            if (await AnswerAsync(c))
            {
                return true;
            }

            c.Response.Redirect($"http://{_other.Host}/hop");
            return true;
        };
        _other.Trick = c =>
        {
            c.Response.Redirect($"http://{_registry.Host}/back");
            return Task.FromResult(true);
        };

        var bytes = await _client.GetBlobAsync(Repository, new OciDescriptor("x/y", OciDigest.Of(blob), blob.Length, default), 100, default);

        Assert.Equal(blob, bytes.Memory.ToArray());
        Assert.Equal("", Authorization(Assert.Single(_other.Requests)));
        Assert.Equal(["", BasicHeader, ""], _registry.Requests.Select(Authorization));
    }

    [Fact]
    public async Task Credentials_BlobRedirectedWithinTheOrigin_AreSentAgain()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = "Basic realm=\"x\"";
        var blob = "content"u8.ToArray();
        _registry.Serve("/storage", blob, "x/y");
        _registry.Trick = async c =>
        {
            if (await AnswerAsync(c) || c.Request.Path == "/storage")
            {
                return c.Response.StatusCode == 401;
            }

            c.Response.Redirect("/storage");
            return true;
        };

        await _client.GetBlobAsync(Repository, new OciDescriptor("x/y", OciDigest.Of(blob), blob.Length, default), 100, default);

        Assert.Equal(["", BasicHeader, BasicHeader], _registry.Requests.Select(Authorization));
    }

    [Fact]
    public async Task Credentials_OfTheOrigin_AreNeverShownToAMirror()
    {
        _credentials.With(_registry.Host, RegistryCredential.Basic("robot", Password));
        _challenge = "Basic realm=\"x\"";
        var image = TestImages.Text("x");
        Assert.True(OciDigest.TryParse(image.Digest, out var digest));
        var mirror = new RegistryMirror(_other.Host) { Options = new RegistryOptions { Insecure = true } };
        var mirrored = Repository with { Options = new RegistryOptions { Insecure = true, Mirrors = [mirror] } };
        await ReadAsync();

        await _client.GetManifestAsync(mirrored, digest, default);

        Assert.Equal("", Authorization(Assert.Single(_other.Requests)));
        Assert.Contains($"{_other.Host}/{Name}", _credentials.Asked);
        Assert.Equal(BasicHeader, Authorization(_registry.Requests.Last()));
    }

    private Task<OciManifest> ReadAsync() => _client.GetManifestAsync(Repository, "1", default);

    private static string Authorization(SeenRequest request) => request.Headers.GetValueOrDefault("Authorization", "");

    // True when it answered: the token, or the challenge to a request that shows nothing.
    private async Task<bool> AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/token")
        {
            using var reader = new StreamReader(context.Request.Body);
            if (await reader.ReadToEndAsync() is { Length: > 0 } form)
            {
                _forms.Add(form);
            }

            await _token(context);
            return true;
        }

        if (context.Request.Headers.Authorization.Count > 0)
        {
            return false;
        }

        context.Response.StatusCode = 401;
        context.Response.Headers.WWWAuthenticate = _challenge;
        return true;
    }
}
