using System.Text.Json;
using Actors.Grains.Interfaces;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Results;

/// <summary>What a tool has to say: once as data by its output schema, once for people and for clients that read text only.</summary>
/// <param name="Value">Becomes the structured content.</param>
/// <param name="Text">Says the same, or where the rest of it is.</param>
internal sealed record ToolAnswer(object Value, string Text)
{
    /// <summary>Where to read what is too large to stand here.</summary>
    public IReadOnlyList<ResourceLinkBlock> Links { get; init; } = [];

    /// <summary>As a tool's result.</summary>
    public CallToolResult ToResult() => new()
    {
        StructuredContent = JsonSerializer.SerializeToElement(Value, ActorsJson.Options),
        Content = [new TextContentBlock { Text = Text }, .. Links],
    };

    /// <summary>A typed error as a tool's result.</summary>
    public static CallToolResult Failure(RunError error) => new()
    {
        IsError = true,
        StructuredContent = JsonSerializer.SerializeToElement(new { error }, ActorsJson.Options),
        Content = [new TextContentBlock { Text = RunText.Of(error) }],
    };
}
