using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Actors.Silo.Tests.Access;

/// <summary>An OAuth issuer: metadata and keys over HTTP, and tokens signed by hand, so that a test can make what no library would.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, AsymmetricAlgorithm> _published = new(StringComparer.Ordinal);
    private int _reads;

    private TestIssuer(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary>How often the keys were asked for.</summary>
    public int Reads => Volatile.Read(ref _reads);

    /// <summary>False answers 500.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>In place of the metadata.</summary>
    public string? Metadata { get; set; }

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var issuer = new TestIssuer(builder.Build());
        issuer._app.MapGet("/.well-known/openid-configuration", () => issuer.IsUp
            ? Results.Text(issuer.Metadata ?? JsonSerializer.Serialize(new { issuer = issuer.Url, jwks_uri = issuer.Url + "/jwks" }), "application/json")
            : Results.StatusCode(500));
        issuer._app.MapGet("/jwks", () =>
        {
            Interlocked.Increment(ref issuer._reads);
            return issuer.IsUp ? Results.Text(issuer.Jwks(), "application/json") : Results.StatusCode(500);
        });
        await issuer._app.StartAsync();
        return issuer;
    }

    /// <summary>Makes a key and publishes it.</summary>
    public RSA Publish(string kid, int bits = 2048)
    {
        var key = RSA.Create(bits);
        _published[kid] = key;
        return key;
    }

    /// <summary>The same on an elliptic curve.</summary>
    public ECDsa Publish(string kid, ECCurve curve)
    {
        var key = ECDsa.Create(curve);
        _published[kid] = key;
        return key;
    }

    public void Withdraw(string kid) => _published.Remove(kid);

    /// <summary>A token with these claims over the usual ones; null removes one.</summary>
    public static string Sign(AsymmetricAlgorithm key, string kid, IReadOnlyDictionary<string, object?> claims, string alg = "RS256", object? typ = null, IReadOnlyDictionary<string, object?>? header = null)
    {
        var head = new Dictionary<string, object?>(StringComparer.Ordinal) { ["alg"] = alg, ["kid"] = kid, ["typ"] = typ ?? "at+jwt" };
        foreach (var (name, value) in header ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            head[name] = value;
        }

        var input = $"{Encode(JsonSerializer.SerializeToUtf8Bytes(head))}.{Encode(JsonSerializer.SerializeToUtf8Bytes(claims.Where(c => c.Value is not null).ToDictionary()))}";
        var bytes = Encoding.ASCII.GetBytes(input);
        var signature = alg switch
        {
            "none" => [],
            "HS256" => HMACSHA256.HashData(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), bytes),
            "ES256" => ((ECDsa)key).SignData(bytes, HashAlgorithmName.SHA256),
            "ES384" => ((ECDsa)key).SignData(bytes, HashAlgorithmName.SHA384),
            "PS256" => ((RSA)key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            _ => ((RSA)key).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{input}.{Encode(signature)}";
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private string Jwks() => JsonSerializer.Serialize(new { keys = _published.Select(p => Jwk(p.Key, p.Value)) });

    private static object Jwk(string kid, AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            var plain = rsa.ExportParameters(false);
            return new { kty = "RSA", kid, use = "sig", n = Encode(plain.Modulus!), e = Encode(plain.Exponent!) };
        }

        var point = ((ECDsa)key).ExportParameters(false).Q;
        return new { kty = "EC", kid, use = "sig", crv = $"P-{key.KeySize}", x = Encode(point.X!), y = Encode(point.Y!) };
    }

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
