using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Tools that answer by themselves.</summary>
internal static class ContentTools
{
    private const string RichSchema =
        """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "type": "object",
          "$defs": { "address": { "$anchor": "addressDef", "type": "object", "properties": { "street": { "type": "string" }, "city": { "type": "string" } } } },
          "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
          },
          "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
          "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
          "then": { "required": ["phone"] },
          "else": { "required": ["email"] },
          "additionalProperties": false
        }
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static IEnumerable<McpServerTool> All() =>
    [
        Plain("test_simple_text", () => Fixture.Text("This is a simple text response for testing.")),
        Plain("test_image_content", () => Fixture.Blocks(ImageContentBlock.FromBytes(Fixture.Png, "image/png"))),
        Plain("test_audio_content", () => Fixture.Blocks(AudioContentBlock.FromBytes(Fixture.Wav, "audio/wav"))),
        Plain("test_embedded_resource", () => Fixture.Blocks(Fixture.Embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))),
        Plain("test_multiple_content_types", () => Fixture.Blocks(
            new TextContentBlock { Text = "Multiple content types test:" },
            ImageContentBlock.FromBytes(Fixture.Png, "image/png"),
            Fixture.Embedded("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""))),
        Plain("test_error_handling", () => new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = "This tool intentionally returns an error for testing" }] }),
        new FixtureTool("json_schema_2020_12_tool", RichSchema, (_, _) => Task.FromResult(Fixture.Text("ok"))),
        new FixtureTool("test_header_argument", """{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}""", (_, _) => Task.FromResult(Fixture.Text("ok"))),
        new FixtureTool("test_tool_with_logging", FixtureTool.NoArguments, LogAsync),
        new FixtureTool("test_logging_tool", FixtureTool.NoArguments, LogAsync),
        new FixtureTool("test_tool_with_progress", FixtureTool.NoArguments, ProgressAsync),
        new FixtureTool("test_reconnection", FixtureTool.NoArguments, ReconnectAsync),
    ];

    private static FixtureTool Plain(string name, Func<CallToolResult> answer) => new(name, FixtureTool.NoArguments, (_, _) => Task.FromResult(answer()));

    private static async Task<CallToolResult> LogAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        foreach (var text in (string[])["Tool execution started", "Tool processing data", "Tool execution completed"])
        {
            // Since 2026-07-28 a request that names no level gets no messages.
            if (request.JsonRpcRequest.Context?.ProtocolVersion != "2026-07-28" || request.JsonRpcRequest.Context.LogLevel is not null)
            {
                await Fixture.TellAsync(request, NotificationMethods.LoggingMessageNotification, new JsonObject { ["level"] = "info", ["data"] = text }, cancellationToken);
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return Fixture.Text("Logged.");
    }

    private static async Task<CallToolResult> ProgressAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        foreach (var done in (int[])[0, 50, 100])
        {
            if (request.Params.ProgressToken is { } token)
            {
                await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = done, Total = 100 }, cancellationToken: cancellationToken);
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        return Fixture.Text("Progressed.");
    }

    private static async Task<CallToolResult> ReconnectAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        await request.EnablePollingAsync(TimeSpan.FromMilliseconds(200), cancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        return Fixture.Text("Reconnected.");
    }
}
