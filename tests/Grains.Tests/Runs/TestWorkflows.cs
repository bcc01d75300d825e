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

    /// <summary>An approval and a signal between calls; 'first' is used before and behind them, 'second' behind them only. Every call may be tried again.</summary>
    public static WorkflowDefinition Waits { get; } = WorkflowCatalog.Parse(
        "waits.yaml",
        """
        id: waits
        version: "1"
        timeout: 1h
        priority: high
        params: { type: object, properties: { text: { type: string } } }
        servers:
          first: { image: "registry.test/first:1" }
          second: { image: "registry.test/second:1" }
        steps:
          - { id: read, server: first, tool: read, retry: { attempts: 3, backoff: 10s, max_backoff: 15s } }
          - id: ok
            approval: { message: "Go on with ${{ steps.read.result.structuredContent.words }}?", timeout: 10m }
          - id: wait
            signal: { name: go, schema: { type: object, required: [n], properties: { n: { type: integer } } }, timeout: 20m }
          - { id: count, server: second, tool: count, idempotent: true, retry: { attempts: 2, backoff: 10s }, arguments: { n: "${{ steps.wait.result.n }}" } }
          - { id: again, server: first, tool: read, retry: { attempts: 3, backoff: 10s }, arguments: { by: "${{ steps.ok.result.approved_by }}", note: "${{ steps.ok.result.note }}" } }
        output: { n: "${{ steps.wait.result.n }}" }
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
