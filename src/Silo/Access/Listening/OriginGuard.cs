using System.Net;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access.Listening;

/// <summary>Refuses requests that a web page could make in a user's name: a foreign Host (DNS rebinding) or a foreign Origin.</summary>
internal sealed class OriginGuard(SiloOptions options, AccessOptions access)
{
    private readonly HashSet<string> _hosts = Hosts(options, access);
    private readonly HashSet<string> _origins = Set(options.AllowedOrigins);

    /// <summary>Answers 403 or passes the request on.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var origins = context.Request.Headers.Origin;
        if (!OpenPaths.IsProbe(context.Request) && !IsAllowedHost(context.Request.Host.Host))
        {
            await RefuseAsync(context, "host_not_allowed", "the Host header names a host that is not allowed", nameof(SiloOptions.AllowedHosts));
        }
        else if (origins.Count > 1 || (origins.Count == 1 && !IsAllowedOrigin(origins[0]!)))
        {
            await RefuseAsync(context, "origin_not_allowed", "the Origin header names an origin that is not allowed", nameof(SiloOptions.AllowedOrigins));
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

    private static Task RefuseAsync(HttpContext context, string code, string what, string setting) =>
        new Refusal(StatusCodes.Status403Forbidden, code, $"Refused: {what}. See {SiloOptions.Section}:{setting}.").WriteAsync(context);

    private static HashSet<string> Hosts(SiloOptions options, AccessOptions access)
    {
        var hosts = Set(options.AllowedHosts);
        if (Uri.TryCreate(access.PublicUrl, UriKind.Absolute, out var known))
        {
            hosts.Add(known.Host);
        }

        return hosts;
    }

    private static HashSet<string> Set(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
