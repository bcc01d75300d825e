using Actors.Grains.Interfaces;
using Actors.Silo.Mcp.Hosting;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp;

/// <summary>What differs between the eras of the protocol for a handler.</summary>
internal static class RequestEra
{
    private const int LongestShown = 128;

    /// <summary>True since 2026-07-28: no session, and what the client can do stands in each request.</summary>
    public static bool IsModern(this JsonRpcRequest request) => string.CompareOrdinal(request.Context?.ProtocolVersion, ProtocolEra.Modern) >= 0;

    /// <summary>What the read of a resource that is not there is answered with.</summary>
    public static McpProtocolException UnknownResource(this JsonRpcRequest request, string uri)
    {
        var shown = uri.Length <= LongestShown ? uri : uri[..LongestShown] + "…";
        return new McpProtocolException($"There is no resource '{shown}'. resources/templates/list tells which there can be.", request.IsModern() ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound)
        {
            Data = { ["uri"] = shown },
        };
    }

    /// <summary>A typed error where the protocol knows no result for it.</summary>
    public static McpProtocolException ToProtocolError(this RunRejectedException e) => new($"{e.Error.Code}: {e.Error.Message}", McpErrorCode.InvalidParams);
}
