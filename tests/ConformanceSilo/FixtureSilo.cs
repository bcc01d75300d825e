using Actors.Silo;
using Actors.Silo.Mcp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Actors.ConformanceSilo;

/// <summary>The product's silo with the fixtures of the MCP conformance suite beside its own features.</summary>
internal static class FixtureSilo
{
    /// <summary>The folder that all silos of a test share.</summary>
    public const string StateVariable = "CONFORMANCE_STATE";

    public static async Task RunAsync(string[] args)
    {
        await using var app = SiloApp.Build(args, builder =>
        {
            builder.Services.AddSingleton(_ => new FixtureTasks(Environment.GetEnvironmentVariable(StateVariable) ?? Directory.CreateTempSubdirectory("actors-conformance-").FullName));
            builder.Services.AddSingleton<IMcpFeature, ConformanceFeature>();
        });
        await app.StartAsync();
        await app.WaitForShutdownAsync();
    }
}
