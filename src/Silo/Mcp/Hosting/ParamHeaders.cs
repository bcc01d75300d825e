using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Arguments that a tool's schema marks with <c>x-mcp-header</c>: a client repeats them in <c>Mcp-Param-*</c>.</summary>
internal static class ParamHeaders
{
    private const string Mark = "x-mcp-header";

    private static readonly ConditionalWeakTable<Tool, IReadOnlyList<(string Argument, string Header)>> Marked = [];

    /// <summary>The first argument that its header does not repeat, or null.</summary>
    public static McpFault? Check(HttpRequest request, JsonRpcRequest call, McpServerOptions options)
    {
        if (call.Method != RequestMethods.ToolsCall
            || call.Params is not JsonObject parameters
            || Meta.Text(parameters["name"]) is not { } name
            || options.ToolCollection is not { } tools
            || !tools.TryGetPrimitive(name, out var tool))
        {
            return null;
        }

        foreach (var (argument, header) in Marked.GetValue(tool.ProtocolTool, Find))
        {
            var given = request.Headers[McpHeaders.ParamPrefix + header];
            var value = (parameters["arguments"] as JsonObject)?[argument];
            if (value is null ? given.Count > 0 : given is not [{ } text] || !Says(text, value))
            {
                return ModernChecks.Mismatch(McpHeaders.ParamPrefix + header, $"params.arguments.{argument}");
            }
        }

        return null;
    }

    private static bool Says(string header, JsonNode value) => McpHeaderEncoder.DecodeValue(header) is { } said && value.GetValueKind() switch
    {
        JsonValueKind.String => said == value.GetValue<string>(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => said == value.ToJsonString(),
        _ => false,
    };

    private static List<(string Argument, string Header)> Find(Tool tool)
    {
        var found = new List<(string Argument, string Header)>();
        if (tool.InputSchema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in properties.EnumerateObject())
            {
                if (property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty(Mark, out var mark) && mark.ValueKind == JsonValueKind.String)
                {
                    found.Add((property.Name, mark.GetString()!));
                }
            }
        }

        return found;
    }
}
