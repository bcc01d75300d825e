using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions;

namespace Actors.RunnerApi.Endpoints;

/// <summary>Lets only the holder of the token pass; health checks need none.</summary>
internal sealed class BearerAuth(RequestDelegate next, RunnerToken token)
{
    private const string Scheme = "Bearer ";

    /// <summary>Checks one request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.Value is "/healthz" or "/readyz")
        {
            return next(context);
        }

        var header = context.Request.Headers.Authorization;
        if (header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && token.Matches(value[Scheme.Length..].Trim()))
        {
            return next(context);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.WriteAsync(context, new RunnerProblem(401, ProblemCodes.Unauthorized, "Send the runner's token as 'Authorization: Bearer …'."));
    }
}
