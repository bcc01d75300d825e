using System.Globalization;

namespace Actors.Silo.Access;

/// <summary>An answer on the way in: the request does not reach any endpoint.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable, snake_case; OAuth's where it has one.</param>
/// <param name="Message">Names the thing and the fix; plain ASCII without quotes or backslashes, as a header may hold it.</param>
internal sealed record Refusal(int Status, string Code, string Message)
{
    /// <summary>When to try again.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Value of <c>WWW-Authenticate</c>.</summary>
    public string? Challenge { get; init; }

    /// <summary>Writes <c>{ error, error_description }</c>.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (Challenge is not null)
        {
            context.Response.Headers.WWWAuthenticate = Challenge;
        }

        return context.Response.WriteAsJsonAsync(new { error = Code, error_description = Message }, context.RequestAborted);
    }
}
