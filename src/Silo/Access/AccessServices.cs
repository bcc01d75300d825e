using Actors.Access.Rules;
using Actors.Access.Tokens;
using Actors.Silo.Access.Authentication;
using Actors.Silo.Access.Limits;
using Actors.Silo.Access.Listening;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access;

/// <summary>Puts the way in together.</summary>
internal static class AccessServices
{
    private static readonly string[] ExposedHeaders = ["Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate", "Retry-After"];

    /// <summary>Registers what the pipeline and the door need.</summary>
    public static void AddAccess(this IServiceCollection services, AccessSettings access)
    {
        services.AddSingleton(access.Options);
        services.AddSingleton<AccessMetrics>();
        services.AddSingleton<OriginGuard>();
        services.AddSingleton(s => new AccessControl(RulesOf(access, s), access.Options));
        services.AddSingleton<RunDoor>();
        services.AddSingleton<RequestLimits>();
        services.AddSingleton(s => new Challenges(access.OAuth));
        services.AddSingleton(s => new CallerAuthentication(
            access.Options, s.GetRequiredService<RequestLimits>(), s.GetRequiredService<AccessMetrics>(), s.GetRequiredService<Challenges>(), s.GetService<ReloadedFile<TokenList>>(), s.GetService<JwtCallers>()));
        AddReloaded(services, access, "access rules", access.Rules, () => AccessLoader.Load(access.Options.AccessFile));
        AddReloaded(services, access, "caller tokens", access.Tokens, () => TokenListLoader.Load(access.Options.CallerTokensFile));
        AddReloaded(services, access, "TLS certificate", access.Tls, () => TlsIdentity.Load(access.Options.TlsCertificateFile, access.Options.TlsKeyFile));
        if (access.OAuth is { } oauth)
        {
            services.AddSingleton(oauth);
            services.AddSingleton(_ => new IssuerHttp(oauth.Metadata[0].Host));
            services.AddSingleton<IssuerKeys>();
            services.AddSingleton<JwtCallers>();
        }
    }

    /// <summary>What every request passes before it reaches an endpoint.</summary>
    public static void UseAccess(this WebApplication app, AccessSettings access, SiloOptions silo)
    {
        SecurityHeaders.Use(app);
        var guard = app.Services.GetRequiredService<OriginGuard>();
        app.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
        var origins = silo.AllowedOrigins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (origins.Length > 0)
        {
            app.UseCors(cors => cors.WithOrigins(origins).WithMethods("GET", "POST", "DELETE").AllowAnyHeader().WithExposedHeaders(ExposedHeaders));
        }

        var authentication = app.Services.GetRequiredService<CallerAuthentication>();
        app.Use((HttpContext context, RequestDelegate next) => authentication.InvokeAsync(context, next));
        if (access.OAuth is { } oauth)
        {
            ProtectedResource.Map(app, oauth);
        }
    }

    private static Func<AccessRules> RulesOf(AccessSettings access, IServiceProvider services)
    {
        if (access.Rules is not null)
        {
            var file = services.GetRequiredService<ReloadedFile<AccessRules>>();
            return () => file.Current;
        }

        var rules = access.Options.Authenticates ? AccessRules.OwnRunsOnly : AccessRules.LocalDoesAll;
        return () => rules;
    }

    private static void AddReloaded<T>(IServiceCollection services, AccessSettings access, string what, Loaded<T>? first, Func<Loaded<T>> load)
        where T : class
    {
        if (first is not null)
        {
            services.AddSingleton(s => new ReloadedFile<T>(
                what,
                first,
                load,
                TimeSpan.FromSeconds(access.Options.AccessReloadSeconds),
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<AccessMetrics>(),
                s.GetRequiredService<ILoggerFactory>().CreateLogger("Actors.Access")));
        }
    }
}
