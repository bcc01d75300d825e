using System.Text.Json;
using Actors.Silo.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Actors.Silo.Access.Authentication;

/// <summary>The issuer's signing keys, as its metadata leads to them. They are read again after <see cref="Fresh"/>, and for a key that is not known, but no more often than <see cref="Pause"/>;
/// while the issuer cannot be reached the old ones serve until <see cref="Stale"/>, then none.</summary>
internal sealed partial class IssuerKeys(OAuthSettings oauth, IssuerHttp http, TimeProvider time, ILogger<IssuerKeys> log) : IDisposable
{
    /// <summary>Age at which keys are read again: a key that the issuer withdraws serves no longer than this.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    /// <summary>Age at which keys serve no more.</summary>
    public static readonly TimeSpan Stale = TimeSpan.FromHours(2);

    /// <summary>Least time between two attempts.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private const int MostKeys = 100;
    private const int SmallestRsa = 2048;
    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile KeySet? _keys;
    private long _attempted = long.MinValue;

    /// <summary>Keys that a token with that <c>kid</c> may be signed by; all of them for a token without.</summary>
    /// <exception cref="IssuerUnavailableException">There are none, or too old ones, and the issuer cannot be reached.</exception>
    public async Task<IReadOnlyList<SecurityKey>> GetAsync(string? kid, CancellationToken cancellationToken)
    {
        var keys = _keys;
        if (keys is null || AgeOf(keys) >= Fresh || keys.For(kid).Count == 0)
        {
            keys = await RefreshAsync(kid, cancellationToken);
        }

        return keys.For(kid);
    }

    public void Dispose() => _reading.Dispose();

    private TimeSpan AgeOf(KeySet keys) => time.GetElapsedTime(keys.ReadAt);

    private bool IsUsable(KeySet? keys) => keys is not null && AgeOf(keys) < Stale;

    private async Task<KeySet> RefreshAsync(string? kid, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            var keys = _keys;
            var wanted = keys is null || AgeOf(keys) >= Fresh || keys.For(kid).Count == 0;
            if (wanted && (_attempted == long.MinValue || time.GetElapsedTime(_attempted) >= Pause))
            {
                _attempted = time.GetTimestamp();
                await TryReadAsync();
            }

            return _keys is { } now && IsUsable(now) ? now : throw new IssuerUnavailableException("there are no keys of the issuer");
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task TryReadAsync()
    {
        try
        {
            // Not given up with the request that happened to need it: the others wait for it too.
            var keys = await ReadAsync(CancellationToken.None);
            _keys = new KeySet(keys, time.GetTimestamp());
            LogRead(log, oauth.Issuer, keys.Count);
        }
        catch (Exception e) when (e is IssuerUnavailableException or JsonException or ArgumentException)
        {
            LogFailed(log, oauth.Issuer, e is IssuerUnavailableException ? e.Message : "its metadata or keys are malformed", IsUsable(_keys));
        }
    }

    private async Task<IReadOnlyList<JsonWebKey>> ReadAsync(CancellationToken cancellationToken)
    {
        var url = await FindKeysAsync(cancellationToken);
        var text = await http.GetAsync(url, cancellationToken) ?? throw new IssuerUnavailableException($"there is nothing at {url}");
        var keys = new JsonWebKeySet(text).Keys.Where(IsSigningKey).Take(MostKeys).ToList();
        return keys.Count > 0 ? keys : throw new IssuerUnavailableException($"{url} holds no RSA key of {SmallestRsa} bits or elliptic curve key for signatures");
    }

    private async Task<Uri> FindKeysAsync(CancellationToken cancellationToken)
    {
        foreach (var place in oauth.Metadata)
        {
            if (await http.GetAsync(place, cancellationToken) is not { } text)
            {
                continue;
            }

            var metadata = JsonElement.Parse(text);
            if (Text(metadata, "issuer") != oauth.Issuer)
            {
                throw new IssuerUnavailableException($"{place} is the metadata of another issuer");
            }

            // Over TLS, or from the machine that the metadata itself came from in the clear, which is loopback.
            return Uri.TryCreate(Text(metadata, "jwks_uri"), UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == place.Scheme && url.IsLoopback))
                ? url
                : throw new IssuerUnavailableException($"{place} names no jwks_uri with https");
        }

        throw new IssuerUnavailableException($"there is no metadata at {string.Join(" or ", oauth.Metadata)}");
    }

    private static string? Text(JsonElement metadata, string name) =>
        metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsSigningKey(JsonWebKey key) =>
        key.Use is null or "" or "sig" && (key.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve || (key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize >= SmallestRsa));

    private sealed record KeySet(IReadOnlyList<JsonWebKey> Keys, long ReadAt)
    {
        public IReadOnlyList<SecurityKey> For(string? kid) => [.. Keys.Where(k => string.IsNullOrEmpty(kid) || k.Kid == kid)];
    }
}
