using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>What a request since 2026-07-28 must say about itself, and that its headers say the same as its body: proxies route by the headers, this server acts on the body.</summary>
internal static class ModernChecks
{
    /// <summary>The fault of a message, or null.</summary>
    /// <param name="request">The POST.</param>
    /// <param name="message">Its body.</param>
    /// <param name="options">Tools whose arguments may be repeated in headers, and methods of features.</param>
    public static McpFault? Of(HttpRequest request, JsonRpcMessage message, McpServerOptions options) => message switch
    {
        JsonRpcRequest call => (Envelope(request, call) ?? Method(request, call.Method) ?? Name(request, call, options) ?? ParamHeaders.Check(request, call, options)) is { } fault ? fault with { Id = call.Id } : null,
        JsonRpcNotification note => Method(request, note.Method),
        _ => new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "This server asks nothing by request under 2026-07-28, so there is nothing to answer."),
    };

    /// <summary>A header that is missing or says something else than the body.</summary>
    public static McpFault Mismatch(string header, string body) =>
        new(StatusCodes.Status400BadRequest, McpErrorCode.HeaderMismatch, $"The header {header} must be there and say the same as the body's {body}.");

    private static McpFault? Envelope(HttpRequest request, JsonRpcRequest call)
    {
        var meta = Meta.Of(call);
        if (Meta.Text(meta?[Meta.ProtocolVersion]) is not { } version)
        {
            return Missing(Meta.ProtocolVersion, "a string");
        }

        if (ProtocolEra.Header(request) != version)
        {
            return Mismatch(McpHeaders.ProtocolVersion, $"_meta {Meta.ProtocolVersion}");
        }

        return meta![Meta.ClientCapabilities] is JsonObject ? null : Missing(Meta.ClientCapabilities, "an object");
    }

    private static McpFault Missing(string key, string kind) =>
        new(StatusCodes.Status400BadRequest, McpErrorCode.InvalidParams, $"A request under {ProtocolEra.Modern} must hold params._meta[\"{key}\"], {kind}.");

    private static McpFault? Method(HttpRequest request, string method) =>
        request.Headers[McpHeaders.Method] is [{ } named] && named == method ? null : Mismatch(McpHeaders.Method, "method");

    private static McpFault? Name(HttpRequest request, JsonRpcRequest call, McpServerOptions options)
    {
        if (NameMember(call.Method, options) is not { } member || Meta.Text((call.Params as JsonObject)?[member]) is not { } name)
        {
            return null;
        }

        return request.Headers[McpHeaders.Name] is [{ } named] && McpHeaderEncoder.DecodeValue(named) == name ? null : Mismatch(McpHeaders.Name, $"params.{member}");
    }

    private static string? NameMember(string method, McpServerOptions options) => method switch
    {
        RequestMethods.ToolsCall or RequestMethods.PromptsGet => "name",
        RequestMethods.ResourcesRead => "uri",
        _ => options.RequestHandlers?.FirstOrDefault(h => h.Method == method)?.RoutingNameParameter,
    };
}
