using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Tools;

/// <summary>The registered tools.</summary>
internal sealed class ToolsFeature(IEnumerable<McpServerTool> tools) : IMcpFeature
{
    private readonly McpServerTool[] _tools = [.. tools];

    public void Configure(McpServerOptions options)
    {
        options.ToolCollection ??= [];
        foreach (var tool in _tools)
        {
            options.ToolCollection.Add(tool);
        }
    }
}
