using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Tasks;

/// <summary>The extension by which a call may become a task. A client opts in per request, by declaring it.</summary>
internal static class TasksCapability
{
    /// <summary>Its name.</summary>
    public const string Extension = "io.modelcontextprotocol/tasks";

    /// <summary>Whether the request's client takes a task for an answer.</summary>
    public static bool IsDeclared(JsonRpcRequest request) => request.IsModern() && request.Context?.ClientCapabilities?.Extensions?.ContainsKey(Extension) == true;

    /// <summary>Refuses a request about tasks that does not opt in.</summary>
    /// <exception cref="McpProtocolException">The method is not known to the request's version, or the request does not declare the extension.</exception>
    public static void Demand(JsonRpcRequest request)
    {
        if (!request.IsModern())
        {
            throw new McpProtocolException($"Protocol version {request.Context?.ProtocolVersion} has no {request.Method}.", McpErrorCode.MethodNotFound);
        }

        if (!IsDeclared(request))
        {
            var required = new ClientCapabilities { Extensions = new Dictionary<string, object>(StringComparer.Ordinal) { [Extension] = new JsonObject() } };
            throw new MissingRequiredClientCapabilityException(required, $"Declare the extension {Extension} in the request's client capabilities.");
        }
    }
}
