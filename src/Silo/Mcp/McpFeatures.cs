using Actors.Silo.Mcp.Results;

namespace Actors.Silo.Mcp;

/// <summary>What this MCP server offers beside its tools.</summary>
internal static class McpFeatures
{
    public static void AddMcpFeatures(this IServiceCollection services)
    {
        services.AddSingleton<RunAnswers>();
    }
}
