using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Actors.Access.Tokens;
using Actors.Silo.Access.Authentication;
using Actors.Silo.Tests.Support;
using Actors.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Actors.Silo.Tests.Access;

/// <summary>JWTs of an issuer with a real key server, over real HTTP, by a fake clock.</summary>
public sealed class OAuthTests : IAsyncLifetime
{
    private const string Resource = "https://actors.example/mcp";
    private readonly TestFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LogLines _log = new();
    private TestIssuer _issuer = null!;
    private SiloHost _silo = null!;
    private HttpClient _http = null!;
    private RSA _key = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _key = _issuer.Publish("k1");
        _silo = await StartAsync();
        _http = new HttpClient { BaseAddress = _silo.Url };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
        await _issuer.DisposeAsync();
        _folder.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public async Task Call_GoodToken_IsItsSubjectOfItsIssuer(string alg)
    {
        using var response = await CallAsync(Token(alg: alg), "run_workflow", new { workflow_id = "three", @params = new { ms = 0 } });
        var run = await response.ContentAsync();

        Assert.Equal($"{_issuer.Url}|ann", run.GetProperty("submitter").GetString());
    }

    [Theory]
    [InlineData("ES256", "nistP256")]
    [InlineData("ES384", "nistP384")]
    public async Task Call_TokenOfAnEllipticCurve_NeedsItsKey(string alg, string curve)
    {
        using var other = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        var key = _issuer.Publish("curve", ECCurve.CreateFromFriendlyName(curve));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token(alg: alg, key: key, kid: "curve")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token(alg: alg, key: other, kid: "curve")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Tampered(Token(alg: alg, key: key, kid: "curve"))));
    }

    [Theory]
    [InlineData("https://ACTORS.example:443/mcp", "https://actors.example/mcp")]
    [InlineData("https://ACTORS.example:443", "https://actors.example/")]
    public async Task Audience_OfAnUnusualUrl_IsWhatIsAdvertisedOrConfigured(string configured, string advertised)
    {
        await using var silo = await StartAsync(configured);
        using var http = new HttpClient { BaseAddress = silo.Url };
        var metadata = JsonElement.Parse(await http.GetStringAsync(new Uri("/.well-known/oauth-protected-resource", UriKind.Relative)));
        async Task<HttpStatusCode> StatusOfAsync(string audience)
        {
            using var response = await http.CallAsync("list_workflows", new { }, Token(("aud", audience)));
            return response.StatusCode;
        }

        Assert.Equal(advertised, metadata.GetProperty("resource").GetString());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await StatusOfAsync(advertised), await StatusOfAsync(configured)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync(advertised + "x"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync("https://actors.example:8443/mcp"));
    }

    [Theory]
    [InlineData("expired", "expired")]
    [InlineData("within skew", null)]
    [InlineData("future nbf", "not valid yet")]
    [InlineData("nbf within skew", null)]
    [InlineData("no exp", "no exp")]
    [InlineData("wrong audience", "another audience")]
    [InlineData("several audiences", null)]
    [InlineData("no audience", "another audience")]
    [InlineData("wrong issuer", "no JWT of the issuer")]
    [InlineData("none", "no JWT of the issuer")]
    [InlineData("hmac with the public key", "no JWT of the issuer")]
    [InlineData("other key", "signature does not fit")]
    [InlineData("unknown key", "key that the issuer does not have")]
    [InlineData("tampered", "signature does not fit")]
    [InlineData("id token type", "another type")]
    [InlineData("critical header", "no JWT of the issuer")]
    [InlineData("no subject", "no usable sub")]
    [InlineData("too many groups", "no usable sub")]
    [InlineData("group is a number", "no usable sub")]
    [InlineData("not a token", "no JWT of the issuer")]
    [InlineData("key in the header", "key that the issuer does not have")]
    public async Task Call_TokenWithAFlaw_Is401WithTheReason(string flaw, string? reason)
    {
        using var response = await CallAsync(Flawed(flaw), "list_workflows", new { });
        var body = await response.Content.ReadAsStringAsync();

        if (reason is null)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("invalid_token", JsonElement.Parse(body).GetProperty("error").GetString());
        Assert.Contains(reason, body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
        Assert.DoesNotContain("IDX", body, StringComparison.Ordinal);
        var challenge = response.Headers.WwwAuthenticate.Single().ToString();
        Assert.Contains("error=\"invalid_token\"", challenge, StringComparison.Ordinal);
        Assert.Contains("resource_metadata=\"https://actors.example/.well-known/oauth-protected-resource/mcp\"", challenge, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_WithoutToken_IsToldWhereToGetOne()
    {
        using var response = await CallAsync(null, "list_workflows", new { });

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(
            "Bearer resource_metadata=\"https://actors.example/.well-known/oauth-protected-resource/mcp\", scope=\"actors\"",
            response.Headers.WwwAuthenticate.Single().ToString());
    }

    [Theory]
    [InlineData("/.well-known/oauth-protected-resource")]
    [InlineData("/.well-known/oauth-protected-resource/mcp")]
    public async Task Metadata_WithoutToken_NamesResourceIssuerAndScopes(string path)
    {
        var metadata = JsonElement.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative)));

        Assert.Equal(Resource, metadata.GetProperty("resource").GetString());
        Assert.Equal(_issuer.Url, Assert.Single(metadata.GetProperty("authorization_servers").EnumerateArray()).GetString());
        Assert.Equal("actors", Assert.Single(metadata.GetProperty("scopes_supported").EnumerateArray()).GetString());
        Assert.Equal("header", Assert.Single(metadata.GetProperty("bearer_methods_supported").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Call_TokenWithoutTheScope_Is403InsufficientScope()
    {
        using var response = await CallAsync(Token(("scope", "other")), "list_workflows", new { });

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("error=\"insufficient_scope\"", response.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        Assert.Contains("scope=\"actors\"", response.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_AnothersRun_IsUnknown()
    {
        var run = (await (await CallAsync(Token(), "run_workflow", new { workflow_id = "three", @params = new { ms = 0 } })).ContentAsync()).GetProperty("run_id").GetString();
        var others = await (await CallAsync(Token(("sub", "bob")), "get_run", new { run_id = run })).ContentAsync();

        Assert.Equal("unknown_run", others.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Keys_RotatedByTheIssuer_AreFoundAndTheOldOneEnds()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        var next = _issuer.Publish("k2");
        _issuer.Withdraw("k1");

        // Right after an attempt the issuer is left alone.
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token(key: next, kid: "k2")));
        _time.Advance(IssuerKeys.Pause);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token(key: next, kid: "k2")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token()));
    }

    [Fact]
    public async Task Keys_Withdrawn_ServeNoLongerThanTheyAreFresh()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        _issuer.Withdraw("k1");
        _issuer.Publish("k2");
        _time.Advance(IssuerKeys.Fresh - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token()));
    }

    [Fact]
    public async Task Keys_IssuerAway_ServeUntilTheyAreStale()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        _issuer.IsUp = false;
        _time.Advance(IssuerKeys.Stale - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
        _time.Advance(TimeSpan.FromSeconds(1));
        using var refused = await CallAsync(Token(), "list_workflows", new { });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        _issuer.IsUp = true;
        _time.Advance(IssuerKeys.Pause);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Token()));
    }

    [Fact]
    public async Task Keys_TokensOfUnknownKeys_DoNotMakeTheSiloAskAgainAndAgain()
    {
        using var stranger = RSA.Create(2048);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token(key: stranger, kid: $"x{i}")));
        }

        Assert.Equal(1, _issuer.Reads);
    }

    [Theory]
    [InlineData("""{"issuer":"https://another.example","jwks_uri":"JWKS"}""")]
    [InlineData("""{"issuer":"ISSUER","jwks_uri":"http://169.254.169.254/keys"}""")]
    [InlineData("""{"issuer":"ISSUER","jwks_uri":"https://169.254.169.254/keys"}""")]
    [InlineData("""{"issuer":"ISSUER","jwks_uri":"https://localhost:1/keys"}""")]
    [InlineData("""{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}""")]
    [InlineData("""{"issuer":"ISSUER"}""")]
    [InlineData("""[]""")]
    [InlineData("""{""")]
    public async Task Keys_MetadataThatLeadsElsewhere_IsNotFollowed(string metadata)
    {
        _issuer.Metadata = metadata.Replace("ISSUER", _issuer.Url, StringComparison.Ordinal).Replace("JWKS", _issuer.Url + "/jwks", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(Token()));
        Assert.Equal(0, _issuer.Reads);
    }

    [Fact]
    public async Task Keys_ShortRsaKey_IsNotTaken()
    {
        var small = _issuer.Publish("small", bits: 1024);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Token(key: small, kid: "small")));
    }

    [Fact]
    public async Task Call_Token_IsNowhereInLogsAndStore()
    {
        var token = Token();
        using var response = await CallAsync(token, "run_workflow", new { workflow_id = "three", @params = new { ms = 0 } });
        using var refused = await CallAsync(token + "x", "list_workflows", new { });
        var signature = token.Split('.')[2];

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotEmpty(_log.Lines);
        Assert.DoesNotContain(_log.Lines, l => l.Contains(signature, StringComparison.Ordinal));
        Assert.All(_silo.Files(), f => Assert.DoesNotContain(signature, f, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Identify_MutatedToken_NeverHoldsAndNeverThrows()
    {
        var callers = _silo.Services.GetRequiredService<JwtCallers>();
        var good = Token();
        Assert.NotNull((await callers.IdentifyAsync(good, default)).Caller);
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var text = good.ToCharArray();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                text[random.Next(text.Length)] = (char)random.Next(33, 127);
            }

            var (caller, refusal) = await callers.IdentifyAsync(new string(text), default);

            // The last character of a signature has bits that mean nothing.
            Assert.True(caller is null ? refusal!.Status == 401 : new string(text)[..^1] == good[..^1], new string(text));
        }
    }

    [Theory]
    [InlineData("exp", "abc")]
    [InlineData("exp", 1e300)]
    [InlineData("exp", -1)]
    [InlineData("nbf", "x")]
    [InlineData("aud", 7)]
    [InlineData("sub", 7)]
    [InlineData("sub", "")]
    [InlineData("sub", "a\nb")]
    [InlineData("iss", 7)]
    [InlineData("scope", 7)]
    public async Task Identify_ClaimOfAnotherKind_IsRefused(string name, object value)
    {
        var (caller, refusal) = await _silo.Services.GetRequiredService<JwtCallers>().IdentifyAsync(Token((name, value)), default);

        Assert.Null(caller);
        Assert.Equal(401, refusal!.Status);
    }

    [Theory]
    [InlineData("""{"alg":7}""", "{}")]
    [InlineData("""{"alg":"RS256","kid":7}""", """{"iss":"ISSUER"}""")]
    [InlineData("""[]""", """[]""")]
    [InlineData("""{"alg":"RS256"}""", """[]""")]
    [InlineData("""{"alg":"RS256"}""", """{"iss":"ISSUER","exp":{}}""")]
    [InlineData("", "")]
    public async Task Identify_StrangeParts_AreRefused(string header, string payload)
    {
        var token = $"{Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(header)}.{Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(payload.Replace("ISSUER", _issuer.Url, StringComparison.Ordinal))}.AAAA";
        var (caller, refusal) = await _silo.Services.GetRequiredService<JwtCallers>().IdentifyAsync(token, default);

        Assert.Null(caller);
        Assert.Equal(401, refusal!.Status);
    }

    private string Flawed(string flaw)
    {
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        using var other = RSA.Create(2048);
        return flaw switch
        {
            "expired" => Token(("exp", now - 60)),
            "within skew" => Token(("exp", now - 59)),
            "future nbf" => Token(("nbf", now + 61)),
            "nbf within skew" => Token(("nbf", now + 60)),
            "no exp" => Token(("exp", null)),
            "wrong audience" => Token(("aud", "https://other.example/mcp")),
            "several audiences" => Token(("aud", new[] { "https://other.example", Resource })),
            "no audience" => Token(("aud", null)),
            "wrong issuer" => Token(("iss", "https://evil.example")),
            "none" => Token(alg: "none"),
            "hmac with the public key" => Token(alg: "HS256"),
            "other key" => Token(key: other),
            "unknown key" => Token(key: other, kid: "k9"),
            "tampered" => Tampered(Token()),
            "id token type" => Token(typ: "logout+jwt"),
            "critical header" => Token(header: new(StringComparer.Ordinal) { ["crit"] = new[] { "exp" } }),
            "no subject" => Token(("sub", null)),
            "too many groups" => Token(("groups", Enumerable.Range(0, 501).Select(i => $"g{i}"))),
            "group is a number" => Token(("groups", new[] { 7 })),
            "not a token" => new string('a', 100),
            _ => Token(key: other, kid: "mine", header: new(StringComparer.Ordinal)
            {
                ["jwk"] = new { kty = "RSA", n = Convert.ToBase64String(other.ExportParameters(false).Modulus!), e = "AQAB" },
                ["jku"] = "http://127.0.0.1:1/keys",
            }),
        };
    }

    private static string Tampered(string token)
    {
        var parts = token.Split('.');
        var claims = System.Text.Encoding.UTF8.GetString(Microsoft.IdentityModel.Tokens.Base64UrlEncoder.DecodeBytes(parts[1])).Replace("ann", "root", StringComparison.Ordinal);
        return $"{parts[0]}.{Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(claims)}.{parts[2]}";
    }

    private string Token(params (string Name, object? Value)[] claims) => Make(claims, "RS256", _key, "k1", null, null);

    private string Token(string alg = "RS256", AsymmetricAlgorithm? key = null, string kid = "k1", string? typ = null, Dictionary<string, object?>? header = null) => Make([], alg, key ?? _key, kid, typ, header);

    private string Make((string Name, object? Value)[] claims, string alg, AsymmetricAlgorithm key, string kid, string? typ, Dictionary<string, object?>? header)
    {
        var all = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["iss"] = _issuer.Url,
            ["sub"] = "ann",
            ["aud"] = Resource,
            ["exp"] = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds(),
            ["scope"] = "actors more",
        };
        foreach (var (name, value) in claims)
        {
            all[name] = value;
        }

        return TestIssuer.Sign(key, kid, all, alg, typ, header);
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var response = await CallAsync(token, "list_workflows", new { });
        return response.StatusCode;
    }

    private Task<HttpResponseMessage> CallAsync(string? token, string tool, object arguments) => _http.CallAsync(tool, arguments, token);

    private Task<SiloHost> StartAsync(string url = Resource) => SiloHost.StartAsync(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OAuthIssuer"] = _issuer.Url,
            ["OAuthScopes"] = "actors",
            ["PublicUrl"] = url,
        },
        builder =>
        {
            builder.Logging.AddProvider(_log).SetMinimumLevel(LogLevel.Trace);

            // Only what judges tokens goes by the fake clock: the silo's own work needs the real one.
            builder.Services.AddSingleton(s => ActivatorUtilities.CreateInstance<IssuerKeys>(s, _time));
            builder.Services.AddSingleton(s => ActivatorUtilities.CreateInstance<JwtCallers>(s, _time));
        },
        inMemory: false);

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
