using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Answers a call of a fixture tool.</summary>
internal delegate Task<CallToolResult> FixtureCall(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken);

/// <summary>A tool that the suite expects, by its own name and behaviour.</summary>
internal sealed class FixtureTool(string name, string inputSchema, FixtureCall call) : McpServerTool
{
    public const string NoArguments = """{"type":"object","properties":{}}""";

    public override Tool ProtocolTool { get; } = new() { Name = name, Description = $"Fixture {name} of the conformance suite.", InputSchema = JsonElement.Parse(inputSchema) };

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) => await call(request, cancellationToken);
}

/// <summary>Parts of answers.</summary>
internal static class Fixture
{
    /// <summary>A PNG of one red pixel.</summary>
    public static readonly byte[] Png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==");

    /// <summary>A WAV without samples.</summary>
    public static readonly byte[] Wav = Convert.FromBase64String("UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=");

    public static CallToolResult Text(string text) => new() { Content = [new TextContentBlock { Text = text }] };

    public static CallToolResult Blocks(params ContentBlock[] blocks) => new() { Content = [.. blocks] };

    public static ContentBlock Embedded(string uri, string type, string text) => new EmbeddedResourceBlock { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };

    public static JsonNode Json(string text) => JsonNode.Parse(text)!;

    /// <summary>Asks the client and waits for its answer.</summary>
    public static async Task<JsonNode> AskAsync(RequestContext<CallToolRequestParams> request, string method, string parameters, CancellationToken cancellationToken) =>
        (await request.Server.SendRequestAsync(new JsonRpcRequest { Method = method, Params = Json(parameters) }, cancellationToken)).Result!;

    /// <summary>Tells the client something on the call's own stream.</summary>
    public static Task TellAsync(MessageContext request, string method, JsonNode parameters, CancellationToken cancellationToken) =>
        request.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, cancellationToken);

    public static string Argument(RequestContext<CallToolRequestParams> request, string name) =>
        request.Params.Arguments?.TryGetValue(name, out var value) == true ? value.ToString() : "";
}
