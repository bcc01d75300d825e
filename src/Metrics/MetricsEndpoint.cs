using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Actors.Metrics;

/// <summary><c>GET /metrics</c> for Prometheus, on a port that serves nothing else, so that a network can keep it apart. Without an endpoint there is none.</summary>
public static class MetricsEndpoint
{
    private const string Path = "/metrics";

    /// <summary>Collects these meters.</summary>
    public static void AddMetrics(this IServiceCollection services, IPEndPoint? endpoint, params string[] meters)
    {
        if (endpoint is not null)
        {
            services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(meters).AddPrometheusExporter());
        }
    }

    /// <summary>Listens for it.</summary>
    public static void ListenForMetrics(this KestrelServerOptions kestrel, IPEndPoint? endpoint)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        if (endpoint is not null)
        {
            kestrel.Listen(endpoint, listen => listen.Use(next => connection =>
            {
                connection.Features.Set(new Mark());
                return next(connection);
            }));
        }
    }

    /// <summary>Answers it; before everything else of the host.</summary>
    public static void UseMetrics(this IApplicationBuilder app, IPEndPoint? endpoint)
    {
        if (endpoint is not null)
        {
            app.MapWhen(context => context.Features.Get<Mark>() is not null, branch =>
            {
                branch.UseOpenTelemetryPrometheusScrapingEndpoint(Path);
                branch.Run(context =>
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return Task.CompletedTask;
                });
            });
        }
    }

    // On each connection of that port: a port's number says little where it is taken at random or translated.
    private sealed class Mark;
}
