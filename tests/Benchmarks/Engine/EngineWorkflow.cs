using Actors.Grains.Workflows;

namespace Actors.Benchmarks.Engine;

/// <summary>The measured workflow: three steps on one server, each taking the result of the one before.</summary>
internal static class EngineWorkflow
{
    public const string Id = "three-steps";

    public static WorkflowDefinition Definition { get; } = WorkflowCatalog.Parse(
        "three-steps.yaml",
        $$$"""
        id: {{{Id}}}
        version: "1"
        timeout: 1h
        params: { type: object, properties: { name: { type: string } }, required: [name] }
        servers:
          tool: { image: "null/tool:1" }
        steps:
          - { id: a, server: tool, tool: work, arguments: { name: "${{ params.name }}" } }
          - { id: b, server: tool, tool: work, arguments: { name: "${{ steps.a.result.structuredContent.value }}" } }
          - { id: c, server: tool, tool: work, arguments: { name: "${{ steps.b.result.structuredContent.value }}" } }
        output: { value: "${{ steps.c.result.structuredContent.value }}" }
        """);
}
