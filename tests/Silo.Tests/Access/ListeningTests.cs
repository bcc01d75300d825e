using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Actors.Access.Tokens;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.Silo.Access.Listening;
using Actors.Silo.Configuration;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Silo.Tests.Access;

/// <summary>Where the silo listens, and what it answers to whom.</summary>
public sealed class ListeningTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _token = StaticToken.New();

    [Fact]
    public async Task Tls_ChangedCertificate_ServesTheNextHandshake_AndABadOneDoesNot()
    {
        Certificate("first");
        await using var silo = await SiloHost.StartAsync(Settings(("Url", "https://127.0.0.1:0"), ("TlsCertificateFile", _folder.At("crt")), ("TlsKeyFile", _folder.At("key"))), inMemory: false);
        var identity = silo.Services.GetRequiredService<ReloadedFile<TlsIdentity>>();
        Assert.Equal("CN=first", await SubjectOfAsync(silo.Url));

        _folder.Write("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        identity.Refresh();
        Assert.Equal("CN=first", await SubjectOfAsync(silo.Url));

        Certificate("second");
        identity.Refresh();
        Assert.Equal("CN=second", await SubjectOfAsync(silo.Url));
    }

    [Fact]
    public async Task Tls_Answer_HasHstsAndSpeaksHttp2()
    {
        Certificate("silo");
        await using var silo = await SiloHost.StartAsync(Settings(("Url", "https://127.0.0.1:0"), ("TlsCertificateFile", _folder.At("crt")), ("TlsKeyFile", _folder.At("key"))), inMemory: false);
        using var http = Trusting(_ => { });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(silo.Url, "/healthz")) { Version = HttpVersion.Version20 };
        using var response = await http.SendAsync(request);

        Assert.Equal(HttpVersion.Version20, response.Version);
        Assert.Equal("max-age=31536000", Assert.Single(response.Headers.GetValues("Strict-Transport-Security")));
    }

    [Fact]
    public async Task Metrics_AreOnTheirOwnPortAloneAndNothingElseIs()
    {
        await using var silo = await SiloHost.StartAsync(Settings(("MetricsUrl", "http://127.0.0.1:0")), inMemory: false);
        using var http = new HttpClient();

        Assert.Contains("actors_queue_depth", await http.GetStringAsync(new Uri(silo.MetricsUrl, "/metrics")), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(silo.MetricsUrl, "/healthz"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.PostAsync(new Uri(silo.MetricsUrl, "/mcp"), null)).StatusCode);
        Assert.DoesNotContain("actors_", await (await http.GetAsync(new Uri(silo.Url, "/metrics"))).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_OfAnyKind_HasTheSecurityHeaders()
    {
        await using var silo = await SiloHost.StartAsync(Settings());
        using var http = silo.CreateClient();
        foreach (var response in new[] { await http.GetAsync(new Uri("/healthz", UriKind.Relative)), await http.CallAsync("list_workflows", new { }), await http.CallAsync("list_workflows", new { }, _token) })
        {
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("DENY", Assert.Single(response.Headers.GetValues("X-Frame-Options")));
            Assert.Contains("default-src 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.True(response.Headers.CacheControl!.NoStore);
            Assert.False(response.Headers.Contains("Strict-Transport-Security"));
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("actors.example", "/mcp", HttpStatusCode.OK)]
    [InlineData("localhost", "/mcp", HttpStatusCode.OK)]
    [InlineData("other.example", "/mcp", HttpStatusCode.OK)]
    [InlineData("evil.example", "/mcp", HttpStatusCode.Forbidden)]
    [InlineData("10.1.2.3", "/mcp", HttpStatusCode.Forbidden)]
    [InlineData("evil.example", "/.well-known/oauth-protected-resource", HttpStatusCode.Forbidden)]
    [InlineData("10.1.2.3", "/readyz", HttpStatusCode.OK)]
    public async Task Host_IsThePublicOne_OrAllowed(string host, string path, HttpStatusCode status)
    {
        await using var silo = await SiloHost.StartAsync(Settings(("PublicUrl", "https://actors.example/mcp"), ("AllowedHosts", "other.example")));
        using var http = silo.CreateClient();
        http.DefaultRequestHeaders.Host = host;
        async Task<HttpStatusCode> StatusAsync()
        {
            using var response = path == "/mcp" ? await http.CallAsync("list_workflows", new { }, _token) : await http.GetAsync(new Uri(path, UriKind.Relative));
            return response.StatusCode;
        }

        if (path == "/readyz")
        {
            // Not surely at once: it also looks at the database and the runner.
            await Actors.Testing.Poll.UntilAsync(async () => await StatusAsync() == status);
        }

        Assert.Equal(status, await StatusAsync());
    }

    [Theory]
    [InlineData(null, "https://app.example", HttpStatusCode.Forbidden, null)]
    [InlineData(null, "http://localhost:6274", HttpStatusCode.Unauthorized, null)]
    [InlineData("https://app.example", "https://app.example", HttpStatusCode.NoContent, "https://app.example")]
    [InlineData("https://app.example", "https://evil.example", HttpStatusCode.Forbidden, null)]
    [InlineData("https://app.example", "null", HttpStatusCode.Forbidden, null)]
    public async Task Preflight_OfANamedOriginAlone_IsAllowed(string? allowed, string origin, HttpStatusCode status, string? granted)
    {
        await using var silo = await SiloHost.StartAsync(allowed is null ? Settings() : Settings(("AllowedOrigins", allowed)));
        using var http = silo.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri("/mcp", UriKind.Relative));
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,mcp-session-id,mcp-param-x");
        using var response = await http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(granted, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
        if (granted is not null)
        {
            Assert.Contains("authorization", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("Url=http://0.0.0.0:80", "callers are not authenticated")]
    [InlineData("Url=http://0.0.0.0:80 CallerTokensFile=tokens PublicUrl=https://a.example/mcp", "tokens would travel in the clear")]
    [InlineData("Url=http://0.0.0.0:80 CallerTokensFile=tokens AllowPlainHttp=true", "PublicUrl")]
    [InlineData("Url=http://0.0.0.0:80 CallerTokensFile=tokens AllowPlainHttp=true AllowedHosts=a.example", null)]
    [InlineData("Url=https://0.0.0.0:443 CallerTokensFile=tokens PublicUrl=https://a.example/mcp TlsCertificateFile=crt TlsKeyFile=key", null)]
    [InlineData("Url=https://127.0.0.1:443", "TlsCertificateFile")]
    [InlineData("Url=https://127.0.0.1:443 TlsCertificateFile=crt TlsKeyFile=missing", "can't be read")]
    [InlineData("Url=https://127.0.0.1:443 TlsCertificateFile=tokens TlsKeyFile=key", "no certificate with the key")]
    [InlineData("Url=https://127.0.0.1:443 TlsCertificateFile=crt TlsKeyFile=open", "chmod 600")]
    [InlineData("TlsCertificateFile=crt TlsKeyFile=key", "not https://")]
    [InlineData("CallerTokensFile=missing", "cannot be read")]
    [InlineData("AccessFile=missing", "cannot be read")]
    [InlineData("OAuthIssuer=https://id.example", "PublicUrl")]
    [InlineData("OAuthIssuer=http://id.example PublicUrl=https://a.example/mcp", "no https:// URL")]
    [InlineData("OAuthIssuer=https://id.example?x=1 PublicUrl=https://a.example/mcp", "no https:// URL")]
    [InlineData("OAuthIssuer=https://id.example PublicUrl=https://a.example/mcp OAuthAlgorithms=HS256", "HS256")]
    [InlineData("OAuthIssuer=https://id.example PublicUrl=https://a.example/mcp OAuthAlgorithms=none", "none")]
    [InlineData("OAuthIssuer=https://id.example/realm PublicUrl=https://a.example/mcp", null)]
    public void Read_Settings_OpenOnlyWhatIsGuarded(string settings, string? fault)
    {
        Certificate("silo");
        _folder.Write("open", File.ReadAllText(_folder.At("key")));
        File.SetUnixFileMode(_folder.At("open"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var values = Settings([.. settings.Split(' ').Select(s => s.Split('=', 2)).Select(s => (s[0], s[0].EndsWith("File", StringComparison.Ordinal) ? _folder.At(s[1]) : s[1]))]);
        if (!settings.Contains("CallerTokensFile", StringComparison.Ordinal))
        {
            values.Remove("CallerTokensFile");
        }

        values["Database"] = _folder.At("db");
        values["Workflows"] = _folder.At("");
        values["RunnerTokenFile"] = _folder.Write("runner", new string('t', 64));
        SiloSettings Read() => SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => $"{SiloOptions.Section}:{v.Key}", v => (string?)v.Value, StringComparer.Ordinal)).Build());

        if (fault is null)
        {
            Assert.NotNull(Read());
        }
        else
        {
            Assert.Contains(fault, Assert.Throws<SettingsException>(Read).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_IssuerWithAPath_IsLookedForInBothPlaces()
    {
        var values = Settings(("OAuthIssuer", "https://id.example/realm"), ("PublicUrl", "https://a.example/mcp"));
        var reader = new SettingsReader(SiloOptions.Section, k => values.GetValueOrDefault(k));
        var oauth = OAuthSettings.Read(reader, reader.Read<AccessOptions>())!;

        Assert.Equal(["https://id.example/realm/.well-known/openid-configuration", "https://id.example/.well-known/oauth-authorization-server/realm"], oauth.Metadata.Select(m => m.AbsoluteUri));
    }

    public void Dispose() => _folder.Dispose();

    private static HttpClient Trusting(Action<X509Certificate2> saw) => new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                // Self-signed for a name of its own: nothing else may be wrong with it.
                saw((X509Certificate2)certificate!);
                return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable);
            },
        },
    });

    private static async Task<string> SubjectOfAsync(Uri silo)
    {
        var subject = "";
        using var http = Trusting(c => subject = c.Subject);
        using var response = await http.GetAsync(new Uri(silo, "/healthz"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return subject;
    }

    private void Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        _folder.Write("crt", certificate.ExportCertificatePem());
        _folder.Write("key", key.ExportPkcs8PrivateKeyPem());
    }

    private Dictionary<string, string> Settings(params (string Name, string Value)[] changes)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["CallerTokensFile"] = _folder.Write("tokens", StaticToken.Line("ann", [], _token)) };
        foreach (var (name, value) in changes)
        {
            values[name] = value;
        }

        return values;
    }
}
