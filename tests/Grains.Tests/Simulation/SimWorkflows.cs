using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Simulation;

/// <summary>What the simulated runs do beside plain calls.</summary>
internal static class SimWorkflows
{
    /// <summary>An approval and a signal between calls, while a sandbox is kept; the calls around may be tried again.</summary>
    public static WorkflowDefinition Waits { get; } = WorkflowCatalog.Parse(
        "sim-waits.yaml",
        """
        id: sim-waits
        version: "1"
        timeout: 4m
        params: { type: object, properties: { text: { type: string } } }
        servers:
          first: { image: "registry.test/first:1" }
        steps:
          - { id: read, server: first, tool: read, retry: { attempts: 3, backoff: 2s } }
          - id: ok
            approval: { message: "Go on?", timeout: 40s }
          - id: wait
            signal: { name: go, schema: { type: object, required: [n], properties: { n: { type: integer } } }, timeout: 40s }
          - { id: count, server: first, tool: count, arguments: { n: "${{ steps.wait.result.n }}" } }
        output: { n: "${{ steps.wait.result.n }}" }
        """);

    public static IReadOnlyList<WorkflowDefinition> All { get; } = [Runs.TestWorkflows.TwoSteps, Waits];
}
