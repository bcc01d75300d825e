using System.Collections.Immutable;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Runs;

/// <summary>A workflow with two servers: 'second' takes the first step's result.</summary>
internal static class TestWorkflows
{
    public const string FirstImage = "registry.test/first:1";

    public static WorkflowDefinition TwoSteps { get; } = WorkflowCatalog.Parse(
        "two-steps.yaml",
        $$$"""
        id: two-steps
        version: "1"
        timeout: 5m
        params:
          type: object
          required: [text]
          properties: { text: { type: string }, password: { type: string } }
          additionalProperties: false
        servers:
          first: { image: "{{{FirstImage}}}" }
          second: { image: "registry.test/second:1" }
        steps:
          - { id: read, server: first, tool: read, arguments: { text: "${{ params.text }}" } }
          - { id: count, server: second, tool: count, timeout: 30s, arguments: { words: "${{ steps.read.result.structuredContent.words }}" } }
        output: { total: "${{ steps.count.result.structuredContent.total }}" }
        """);

    public static RunState NewRun(WorkflowDefinition definition, DateTimeOffset at, string parameters = """{"text":"a b"}""") => new()
    {
        RunId = RunId.New(at),
        Submitter = "tester",
        Status = RunStatus.Queued,
        Params = JsonElement.Parse(parameters),
        Servers = definition.Servers.Keys.ToImmutableSortedDictionary(k => k, _ => new ServerState { Status = ServerStatus.Undecided }, StringComparer.Ordinal),
        Steps = [.. definition.Steps.Select(s => new StepState { Id = s.Id, Status = StepStatus.Pending })],
        CreatedAt = at,
        Deadline = at + definition.Timeout,
    };
}
