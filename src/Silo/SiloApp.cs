using Actors.Grains;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Metrics;
using Actors.Silo.Access;
using Actors.Silo.Access.Listening;
using Actors.Silo.Configuration;
using Actors.Silo.Mcp;
using Actors.Silo.Mcp.Hosting;
using Actors.Silo.Mcp.Tools;
using ModelContextProtocol.Server;

namespace Actors.Silo;

/// <summary>Puts the silo's process together.</summary>
internal static class SiloApp
{
    /// <summary>Reads settings, loads workflows and opens the store: what is wrong with them shows here, before anything listens.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">The last word on the host, for hosts that put something of their own in.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // appsettings.json lies beside the program, wherever it is started from; it is read once, and not watched.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false", .. args], ContentRootPath = AppContext.BaseDirectory });
        var settings = SiloSettings.Read(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Listening.Configure(kestrel, settings.Access);
            kestrel.ListenForMetrics(settings.Metrics);
        });
        Register(builder.Services, settings);
        configure?.Invoke(builder);

        var app = builder.Build();
        _ = app.Services.GetRequiredService<RunSilo>();
        app.UseMetrics(settings.Metrics);
        FailureAnswer.Use(app);
        app.UseAccess(settings.Access, settings.Options);
        McpEndpoint.Map(app);
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", ReadyAsync);
        return app;
    }

    private static async Task<IResult> ReadyAsync(RunSilo silo, CancellationToken cancellationToken)
    {
        var reasons = await silo.NotReadyAsync(cancellationToken);
        return reasons.Count == 0 ? Results.Text("ok\n") : Results.Text(string.Join('\n', reasons) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static void Register(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(settings.Options);
        services.AddSingleton(s => RunSilo.Open(Configuration(settings), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IRunDirectory>(s => s.GetRequiredService<RunSilo>().Directory);
        services.AddCors();
        services.AddAccess(settings.Access);
        services.AddMetrics(settings.Metrics, "Actors.Silo", "Actors.Access");
        McpHosting.Register(services, settings);
        services.AddSingleton<IMcpFeature, ToolsFeature>();
        services.AddSingleton<RunWaiter>();
        services.AddMcpFeatures();
        services.AddSingleton<McpServerTool, ListWorkflowsTool>();
        services.AddSingleton<RunWorkflowTool>();
        services.AddSingleton<McpServerTool>(s => s.GetRequiredService<RunWorkflowTool>());
        services.AddSingleton<McpServerTool, GetRunTool>();
        services.AddSingleton<McpServerTool, WaitRunTool>();
        services.AddSingleton<McpServerTool, CancelRunTool>();
        services.AddSingleton<McpServerTool, ApproveRunTool>();
        services.AddSingleton<McpServerTool, SignalRunTool>();
        services.AddSingleton<McpServerTool, ListRunsTool>();
        services.AddSingleton<McpServerTool, GetRunTraceTool>();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds((2 * settings.Options.DrainSeconds) + 10));
        services.AddHostedService<SiloLifetime>();
    }

    private static GrainsConfiguration Configuration(SiloSettings settings) => new()
    {
        Database = settings.Options.Database,
        DatabasePassword = settings.DatabasePassword,
        SiloName = settings.Options.SiloName is { Length: > 0 } name ? name : Environment.MachineName,
        Version = ProductVersion.Text,
        Workflows = settings.Options.Workflows,
        Runner = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            BaseAddress = settings.Runner,
        },
        RunnerToken = settings.RunnerToken,
        Redaction = settings.Redaction,
        Runs = Runs(settings.Options),
    };

    private static RunOptions Runs(SiloOptions options) => new()
    {
        MaxActive = options.MaxActiveRuns,
        MaxActivePerSubmitter = options.MaxActivePerSubmitter,
        MaxQueued = options.MaxQueuedRuns,
        MaxQueueAge = TimeSpan.FromSeconds(options.MaxQueueAgeSeconds),
        MaxStrikes = options.MaxStrikes,
        Lease = TimeSpan.FromSeconds(options.LeaseSeconds),
        Drain = TimeSpan.FromSeconds(options.DrainSeconds),
        Retention = options.RetentionDays == 0 ? null : TimeSpan.FromDays(options.RetentionDays),
    };

    /// <summary>Work begins with the host and stops with it.</summary>
    private sealed class SiloLifetime(RunSilo silo) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        // Before the web server stops: /readyz says so meanwhile, and answers under way still find the store.
        public Task StoppingAsync(CancellationToken cancellationToken) => silo.DrainAsync();

        public Task StoppedAsync(CancellationToken cancellationToken) => silo.DisposeAsync().AsTask();

        public Task StartAsync(CancellationToken cancellationToken)
        {
            silo.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
