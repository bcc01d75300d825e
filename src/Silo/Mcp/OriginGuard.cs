using System.Net;
using Actors.Silo.Configuration;

namespace Actors.Silo.Mcp;

/// <summary>Refuses requests that a web page could make in a user's name: a foreign Host (DNS rebinding) or a foreign Origin.</summary>
internal sealed class OriginGuard(SiloOptions options)
{
    private readonly HashSet<string> _hosts = Set(options.AllowedHosts);
    private readonly HashSet<string> _origins = Set(options.AllowedOrigins);

    /// <summary>Answers 403 or passes the request on.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var origins = context.Request.Headers.Origin;
        if (!IsAllowedHost(context.Request.Host.Host))
        {
            await RefuseAsync(context, "the Host header names a host that is not allowed", nameof(SiloOptions.AllowedHosts));
        }
        else if (origins.Count > 1 || (origins.Count == 1 && !IsAllowedOrigin(origins[0]!)))
        {
            await RefuseAsync(context, "the Origin header names an origin that is not allowed", nameof(SiloOptions.AllowedOrigins));
        }
        else
        {
            await next(context);
        }
    }

    private bool IsAllowedHost(string host) => IsLoopback(host) || _hosts.Contains(host);

    private bool IsAllowedOrigin(string origin) =>
        _origins.Contains(origin) || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsLoopback(uri.Host));

    private static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static Task RefuseAsync(HttpContext context, string what, string setting)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync($"Refused: {what}. See {SiloOptions.Section}:{setting}.\n", context.RequestAborted);
    }

    private static HashSet<string> Set(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
