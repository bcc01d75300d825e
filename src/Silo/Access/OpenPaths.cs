namespace Actors.Silo.Access;

/// <summary>What is answered before anybody knows who asks.</summary>
internal static class OpenPaths
{
    /// <summary>Where a client learns which issuer this silo trusts.</summary>
    public const string ProtectedResource = "/.well-known/oauth-protected-resource";

    /// <summary>Probes name the machine by its address; they tell nothing but that the process is well.</summary>
    public static bool IsProbe(HttpRequest request) => HttpMethods.IsGet(request.Method) && (request.Path.Value is "/healthz" or "/readyz");

    /// <summary>Whether no token is needed.</summary>
    public static bool IsOpen(HttpRequest request) => IsProbe(request) || (HttpMethods.IsGet(request.Method) && request.Path.StartsWithSegments(ProtectedResource, StringComparison.Ordinal));
}
