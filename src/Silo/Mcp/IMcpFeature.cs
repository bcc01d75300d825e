using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>A part of what this MCP server offers: tools, resources, prompts. Each registered one shapes every server that the endpoint makes.</summary>
internal interface IMcpFeature
{
    /// <summary>Adds to what is there: another feature may have set the same collection before.</summary>
    void Configure(McpServerOptions options);
}
