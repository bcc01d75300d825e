using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Support;

/// <summary>The SDK's client on the silo's in-memory HTTP stack.</summary>
internal static class McpClients
{
    /// <summary>The last version with sessions.</summary>
    public const string Sessions = "2025-11-25";

    /// <summary>The first version without.</summary>
    public const string Modern = "2026-07-28";

    public static async Task<McpClient> ConnectAsync(this SiloHost silo, string version, ClientCapabilities? capabilities = null)
    {
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions { Endpoint = new Uri("http://localhost/mcp"), TransportMode = HttpTransportMode.StreamableHttp }, silo.CreateClient(), ownsHttpClient: true);
        return await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = version, Capabilities = capabilities });
    }

    /// <summary>Calls a tool.</summary>
    public static async Task<CallToolResult> ToolAsync(this McpClient client, string tool, object arguments) =>
        await client.CallToolAsync(tool, JsonSerializer.SerializeToElement(arguments).EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal));

    /// <summary>The structured content of a tool's answer.</summary>
    public static async Task<JsonElement> DataAsync(this McpClient client, string tool, object arguments) => (await client.ToolAsync(tool, arguments)).StructuredContent!.Value;

    /// <summary>A resource as JSON.</summary>
    public static async Task<JsonElement> JsonAsync(this McpClient client, string uri) =>
        JsonElement.Parse(((TextResourceContents)(await client.ReadResourceAsync(uri)).Contents.Single()).Text);

    /// <summary>Text of an answer's first block.</summary>
    public static string Text(this CallToolResult result) => ((TextContentBlock)result.Content[0]).Text;
}
