using Actors.RunnerApi.Contracts.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Actors.Silo.Configuration;

/// <summary>What this silo demands of a JWT, checked.</summary>
/// <param name="Issuer">As in <c>iss</c>.</param>
/// <param name="Metadata">Where its metadata may be, in the order of trying.</param>
/// <param name="Resource">This silo as a resource (RFC 9728).</param>
/// <param name="Audiences">What <c>aud</c> must name one of: the resource as it is advertised, or as it was configured, as issuers differ in what they do to a URL.</param>
/// <param name="Scopes">Those that a token must have.</param>
/// <param name="Algorithms">Those that are taken.</param>
/// <param name="ScopesClaim">Where the scopes are.</param>
/// <param name="GroupsClaim">Where the groups are.</param>
internal sealed record OAuthSettings(
    string Issuer, IReadOnlyList<Uri> Metadata, Uri Resource, IReadOnlyList<string> Audiences, IReadOnlyList<string> Scopes, IReadOnlyList<string> Algorithms, string ScopesClaim, string GroupsClaim)
{
    // What anybody can make with the public key, or without any, is no signature.
    private static readonly HashSet<string> Asymmetric = new(StringComparer.Ordinal)
    {
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    };

    /// <summary>Null without an issuer, or with a fault.</summary>
    public static OAuthSettings? Read(SettingsReader reader, AccessOptions options)
    {
        var resource = options.PublicUrl.Length == 0 ? null : ReadUrl(reader, nameof(AccessOptions.PublicUrl), options.PublicUrl, mayBePlain: true);
        if (options.OAuthIssuer.Length == 0)
        {
            return null;
        }

        if (options.PublicUrl.Length == 0)
        {
            reader.Fault(nameof(AccessOptions.PublicUrl), "must be set: clients ask the issuer for tokens for this URL.");
        }

        var algorithms = Words(options.OAuthAlgorithms);
        foreach (var algorithm in algorithms.Where(a => !Asymmetric.Contains(a)))
        {
            reader.Fault(nameof(AccessOptions.OAuthAlgorithms), $"'{algorithm}' is none of {string.Join(", ", Asymmetric)}.");
        }

        var scopes = Words(options.OAuthScopes);
        foreach (var scope in scopes.Where(s => s.Any(c => c is < '!' or > '~' or '"' or '\\')))
        {
            reader.Fault(nameof(AccessOptions.OAuthScopes), $"'{scope}' is no scope: printable ASCII without quotes and backslashes.");
        }

        var issuer = ReadUrl(reader, nameof(AccessOptions.OAuthIssuer), options.OAuthIssuer, mayBePlain: false);
        var metadata = options.OAuthMetadataUrl.Length == 0 ? null : ReadUrl(reader, nameof(AccessOptions.OAuthMetadataUrl), options.OAuthMetadataUrl, mayBePlain: false);
        return issuer is null || resource is null ? null : new OAuthSettings(
            options.OAuthIssuer,
            metadata is null ? WellKnown(issuer) : [metadata],
            resource,
            options.OAuthAudience.Length > 0 ? [options.OAuthAudience] : [.. new[] { resource.AbsoluteUri, options.PublicUrl }.Distinct(StringComparer.Ordinal)],
            scopes,
            algorithms,
            options.OAuthScopesClaim,
            options.OAuthGroupsClaim);
    }

    // OpenID Connect Discovery appends to the issuer's path, RFC 8414 goes before it.
    private static Uri[] WellKnown(Uri issuer)
    {
        var path = issuer.AbsolutePath.TrimEnd('/');
        return [new Uri(issuer, path + "/.well-known/openid-configuration"), new Uri(issuer, "/.well-known/oauth-authorization-server" + path)];
    }

    private static Uri? ReadUrl(SettingsReader reader, string key, string text, bool mayBePlain)
    {
        var good = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0 && !text.Contains('|', StringComparison.Ordinal)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && (mayBePlain || url.IsLoopback)));
        if (!good)
        {
            reader.Fault(key, $"'{text}' is no {(mayBePlain ? "http:// or https://" : "https://")} URL without query and fragment.");
        }

        return good ? url : null;
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
