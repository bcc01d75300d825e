using Actors.Silo.Configuration;
using ModelContextProtocol;
using ModelContextProtocol.Authentication;

namespace Actors.Silo.Access.Authentication;

/// <summary>The metadata of RFC 9728: which issuer's tokens are taken here.</summary>
internal static class ProtectedResource
{
    /// <summary>Serves it, at the root and under the path of the resource.</summary>
    public static void Map(WebApplication app, OAuthSettings oauth)
    {
        var metadata = new ProtectedResourceMetadata
        {
            Resource = oauth.Resource.AbsoluteUri,
            ResourceName = "Actors",
            AuthorizationServers = [oauth.Issuer],
            ScopesSupported = [.. oauth.Scopes],
            BearerMethodsSupported = ["header"],
        };
        string[] paths = [OpenPaths.ProtectedResource, OpenPaths.ProtectedResource + oauth.Resource.AbsolutePath.TrimEnd('/')];
        foreach (var path in paths.Distinct(StringComparer.Ordinal))
        {
            app.MapGet(path, () => Results.Json(metadata, McpJsonUtilities.DefaultOptions));
        }
    }
}
