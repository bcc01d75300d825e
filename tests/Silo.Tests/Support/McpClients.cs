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
        return await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = version, Capabilities = capabilities, DiscoverProbeTimeout = TimeSpan.FromMinutes(1) });
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

    /// <summary>Starts a run at a silo that does not wait for its end; its id.</summary>
    public static async Task<string> StartAsync(this McpClient client, string workflow, object parameters)
    {
        var run = await client.DataAsync("run_workflow", new { workflow_id = workflow, @params = parameters });
        return run.GetProperty("run_id").GetString()!;
    }

    /// <summary>Returns when the run waits for somebody.</summary>
    public static async Task WaitingAsync(this McpClient client, string run)
    {
        while (!(await client.DataAsync("wait_run", new { run_id = run, timeout_seconds = 0 })).TryGetProperty("waiting_for", out _))
        {
            await Task.Yield();
        }
    }
}
