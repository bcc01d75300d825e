using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>The protocol's versions. Those before 2026-07-28 begin with <c>initialize</c>; from then on every request stands for itself.</summary>
internal static class ProtocolEra
{
    /// <summary>The first version without <c>initialize</c>.</summary>
    public const string Modern = "2026-07-28";

    /// <summary>All that are served.</summary>
    public static IReadOnlyList<string> Versions { get; } = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", Modern];

    /// <summary>What <c>initialize</c> with a version comes to: that one, or the newest with sessions.</summary>
    public static string Negotiated(string asked) => Versions.Contains(asked) && asked != Modern ? asked : Versions[^2];

    /// <summary>Whether a request is of the era without <c>initialize</c>: its header says so, or its body does and it is not the first message of a session.</summary>
    public static bool IsModern(HttpRequest request, JsonRpcMessage message) => Header(request) switch
    {
        { } version => version == Modern,
        null => message is JsonRpcRequest { Method: not RequestMethods.Initialize } call && Meta.Version(call) == Modern && SessionId(request) is null,
    };

    /// <summary>The version that the request's header names, if any.</summary>
    public static string? Header(HttpRequest request) => Single(request, McpHeaders.ProtocolVersion);

    /// <summary>The session that the request names, if any.</summary>
    public static string? SessionId(HttpRequest request) => Single(request, McpHeaders.SessionId);

    private static string? Single(HttpRequest request, string name) => request.Headers[name] is [{ Length: > 0 } value] ? value : null;
}

/// <summary>The protocol's header names.</summary>
internal static class McpHeaders
{
    public const string ProtocolVersion = "MCP-Protocol-Version";
    public const string SessionId = "Mcp-Session-Id";
    public const string LastEventId = "Last-Event-ID";
    public const string Method = "Mcp-Method";
    public const string Name = "Mcp-Name";
    public const string ParamPrefix = "Mcp-Param-";
}
