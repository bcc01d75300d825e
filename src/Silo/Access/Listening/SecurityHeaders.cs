namespace Actors.Silo.Access.Listening;

/// <summary>Headers that keep browsers from doing more with an answer than it is meant for. An endpoint may set its own instead.</summary>
internal static class SecurityHeaders
{
    private const string OneYear = "max-age=31536000";

    private static readonly (string Name, string Value)[] Headers =
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ];

    /// <summary>Adds them to every answer.</summary>
    public static void Use(WebApplication app) => app.Use((HttpContext context, RequestDelegate next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var context = (HttpContext)state;
            foreach (var (name, value) in Headers)
            {
                context.Response.Headers.TryAdd(name, value);
            }

            if (context.Request.IsHttps)
            {
                context.Response.Headers.TryAdd("Strict-Transport-Security", OneYear);
            }

            return Task.CompletedTask;
        }, context);
        return next(context);
    });
}
