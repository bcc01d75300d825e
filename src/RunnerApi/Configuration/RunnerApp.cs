using Actors.Metrics;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Endpoints;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sessions;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Configuration;

/// <summary>Puts the host together; the policy gate and the sandbox driver come from the caller.</summary>
internal static class RunnerApp
{
    /// <summary>Builds the host.</summary>
    /// <param name="args">Command line, over environment, over appsettings.json.</param>
    /// <param name="addBackends">Registers <c>IPolicyGate</c> and <c>ISandboxDriver</c>.</param>
    /// <exception cref="Actors.RunnerApi.Contracts.Configuration.SettingsException">Settings are missing or wrong.</exception>
    public static WebApplication Create(string[] args, Action<IServiceCollection, RunnerSettings> addBackends)
    {
        // appsettings.json lies beside the program, wherever it is started from.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = RunnerSettings.Read(builder.Configuration);
        Listen(builder, settings);
        Add(builder.Services, settings);
        addBackends(builder.Services, settings);

        var app = builder.Build();
        app.UseMetrics(settings.Metrics);
        Use(app);
        return app;
    }

    private static void Listen(WebApplicationBuilder builder, RunnerSettings settings) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        // Replaces what the section Kestrel may hold: this service listens where its checked setting says, nowhere else.
        kestrel.Configure();
        kestrel.Listen(settings.Endpoint);
        kestrel.ListenForMetrics(settings.Metrics);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Wire.DrainedBody;
    });

    private static void Add(IServiceCollection services, RunnerSettings settings)
    {
        services.AddSingleton(settings.Options);
        services.AddSingleton(settings.Token);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(_ => new StateDirectory(settings.Options.StateDirectory));
        services.AddSingleton<SecretStore>();
        services.AddEgress(settings.Egress);
        services.AddSingleton<SessionServices>();
        services.AddSingleton<LaunchPlanner>();
        services.AddSingleton(settings.Isolation);
        services.AddSingleton<IsolationProofs>();
        services.AddHostedService(s => s.GetRequiredService<IsolationProofs>());
        services.AddSingleton(s => new IsolationEndpoint(s.GetRequiredService<IsolationProofs>(), settings.DriverName));
        services.AddSingleton<SandboxRegistry>();
        services.AddSingleton<RunnerEndpoints>();
        services.AddMetrics(settings.Metrics, "Actors.Policy");
        services.AddHostedService<SandboxReaper>();
    }

    private static void Use(WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = Problems.HandleAsync, AllowStatusCode404Response = true, SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(pages => Problems.HandleStatusAsync(pages.HttpContext));
        app.UseMiddleware<BearerAuth>();
        app.Services.GetRequiredService<RunnerEndpoints>().Map(app);
        app.Services.GetRequiredService<IsolationEndpoint>().Map(app);
    }
}
