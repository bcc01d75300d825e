using System.Net.Mime;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>What a request's headers must be, whatever its body.</summary>
internal static class RequestChecks
{
    /// <summary>Checks a POST before its body is read.</summary>
    public static McpFault? Post(HttpRequest request)
    {
        if (!Accepts(request, "text/event-stream") || !Accepts(request, MediaTypeNames.Application.Json))
        {
            return new McpFault(StatusCodes.Status406NotAcceptable, McpErrorCode.InvalidRequest, "Send 'Accept: application/json, text/event-stream'.");
        }

        return request.HasJsonContentType()
            ? null
            : new McpFault(StatusCodes.Status415UnsupportedMediaType, McpErrorCode.InvalidRequest, "Send 'Content-Type: application/json'.");
    }

    /// <summary>Checks a GET.</summary>
    public static McpFault? Get(HttpRequest request) =>
        Accepts(request, "text/event-stream") ? null : new McpFault(StatusCodes.Status406NotAcceptable, McpErrorCode.InvalidRequest, "Send 'Accept: text/event-stream'.");

    /// <summary>Checks the version that the header names. A client that names one in <c>_meta</c> too can only go on with one that needs no <c>initialize</c>.</summary>
    public static McpFault? Version(HttpRequest request, JsonRpcMessage? message)
    {
        if (ProtocolEra.Header(request) is not { } version || ProtocolEra.Versions.Contains(version))
        {
            return null;
        }

        var call = message as JsonRpcRequest;
        return Unsupported(version, call is not null && Meta.Version(call) is not null ? [ProtocolEra.Modern] : ProtocolEra.Versions) with { Id = call?.Id ?? default };
    }

    /// <summary>A version that this request cannot have.</summary>
    public static McpFault Unsupported(string version, IEnumerable<string> supported) =>
        new(StatusCodes.Status400BadRequest, McpErrorCode.UnsupportedProtocolVersion, $"The protocol version must be one of {string.Join(", ", supported)}.")
        {
            Details = new JsonObject { ["supported"] = new JsonArray([.. supported.Select(v => (JsonNode)v)]), ["requested"] = version },
        };

    private static bool Accepts(HttpRequest request, string type) => request.GetTypedHeaders().Accept.Any(a => a.MatchesMediaType(type));
}
