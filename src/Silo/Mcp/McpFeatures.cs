using Actors.Silo.Mcp.Completion;
using Actors.Silo.Mcp.Prompts;
using Actors.Silo.Mcp.Resources;
using Actors.Silo.Mcp.Results;
using Actors.Silo.Mcp.Subscriptions;
using Actors.Silo.Mcp.Tasks;

namespace Actors.Silo.Mcp;

/// <summary>What this MCP server offers beside its tools.</summary>
internal static class McpFeatures
{
    public static void AddMcpFeatures(this IServiceCollection services)
    {
        services.AddSingleton<RunAnswers>();
        services.AddSingleton<RunTasks>();
        services.AddSingleton<SessionTasks>();
        services.AddSingleton<RunWatcher>();
        services.AddSingleton<WatchLimits>();
        services.AddSingleton<ListenHandler>();
        services.AddSingleton<LargeAnswers>();
        services.AddSingleton<IMcpFeature, ResourcesFeature>();
        services.AddSingleton<IMcpFeature, SubscriptionsFeature>();
        services.AddSingleton<IMcpFeature, TasksFeature>();
        services.AddSingleton<IMcpFeature, PromptsFeature>();
        services.AddSingleton<IMcpFeature, CompletionFeature>();
    }
}
