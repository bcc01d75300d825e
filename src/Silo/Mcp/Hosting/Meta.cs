using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>What a request's <c>_meta</c> says about the request itself.</summary>
internal static class Meta
{
    public const string ProtocolVersion = "io.modelcontextprotocol/protocolVersion";
    public const string ClientCapabilities = "io.modelcontextprotocol/clientCapabilities";
    public const string SubscriptionId = "io.modelcontextprotocol/subscriptionId";

    public static JsonObject? Of(JsonRpcRequest request) => (request.Params as JsonObject)?["_meta"] as JsonObject;

    /// <summary>The version it names, or null.</summary>
    public static string? Version(JsonRpcRequest request) => Text(Of(request)?[ProtocolVersion]);

    public static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
