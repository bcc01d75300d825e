using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>Which kind of MCP a request speaks.</summary>
internal static class ProtocolEra
{
    private const string Stateless = "2026-07-28";

    /// <summary>True for 2026-07-28 and later: no session, and what the client can do stands in each request.</summary>
    public static bool IsStateless(this JsonRpcRequest request) => string.CompareOrdinal(request.Context?.ProtocolVersion, Stateless) >= 0;

    /// <summary>What a read of a resource that is not there is answered with.</summary>
    public static McpProtocolException UnknownResource(MessageContext request, string uri)
    {
        var shown = uri.Length <= 128 ? uri : uri[..128] + "…";
        var code = request.JsonRpcMessage is JsonRpcRequest call && call.IsStateless() ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound;
        return new McpProtocolException($"There is no resource '{shown}'. resources/templates/list tells which there can be.", code);
    }
}
