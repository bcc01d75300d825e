using Actors.Access.Tokens;
using Actors.Silo.Access.Limits;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access.Authentication;

/// <summary>Finds out who calls, before anything else looks at the request. The token goes no further: what follows sees the caller alone.</summary>
internal sealed class CallerAuthentication(AccessOptions options, RequestLimits limits, AccessMetrics metrics, Challenges challenges, ReloadedFile<TokenList>? tokens = null, JwtCallers? jwts = null)
{
    private const string Scheme = "Bearer ";
    private const int LongestToken = 16 * 1024;

    /// <summary>Answers 401, 403, 429 or 503, or passes the request on as its caller's.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (OpenPaths.IsOpen(context.Request))
        {
            await next(context);
            return;
        }

        if (!options.Authenticates)
        {
            context.User = Caller.Local.ToPrincipal();
            await next(context);
            return;
        }

        var (caller, refusal) = limits.OfAddress(context.Connection.RemoteIpAddress) is { } tooMany ? (null, tooMany) : await IdentifyAsync(context);
        refusal ??= limits.OfCaller(caller!);
        metrics.Request(refusal?.Code ?? "admitted");
        if (refusal is not null)
        {
            await refusal.WriteAsync(context);
            return;
        }

        context.User = caller!.ToPrincipal();
        context.Request.Headers.Authorization = default;
        await next(context);
    }

    private async Task<(Caller? Caller, Refusal? Refusal)> IdentifyAsync(HttpContext context)
    {
        var given = context.Request.Headers.Authorization;
        if (given.Count == 0)
        {
            return (null, challenges.NoToken());
        }

        if (given is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length - Scheme.Length > LongestToken)
        {
            return (null, challenges.Invalid($"Send one header Authorization: Bearer TOKEN of at most {LongestToken} characters."));
        }

        var token = header[Scheme.Length..].Trim();
        if (tokens?.Current.Find(token) is { } known)
        {
            return (known, null);
        }

        return jwts is null ? (null, challenges.Invalid("The token is not known here.")) : await jwts.IdentifyAsync(token, context.RequestAborted);
    }
}
