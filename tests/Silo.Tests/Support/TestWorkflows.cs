namespace Actors.Silo.Tests.Support;

/// <summary>Workflows that wait, so that a test decides when they go on.</summary>
internal static class TestWorkflows
{
    public const string Ask = "ask";
    public const string Await = "await";
    public const string Large = "large";

    /// <summary>A silo with these workflows whose run_workflow answers at once.</summary>
    public static Task<SiloHost> StartSiloAsync(params (string Name, string Value)[] settings) =>
        SiloHost.StartAsync(settings.Append(("RunWorkflowWaitSeconds", "0")).ToDictionary(s => s.Item1, s => s.Item2, StringComparer.Ordinal), workflows: All);

    /// <summary>File name to text.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ask.yaml"] = """
            id: ask
            version: "1"
            description: Asks before it is done.
            params:
              type: object
              required: [topic]
              additionalProperties: false
              properties:
                topic: { type: string, description: What it is about. }
                level: { enum: [low, high] }
                count: { type: integer }
            servers:
              tool: { image: "null/tool:1" }
            steps:
              - id: sure
                approval: { message: "Go on with ${{ params.topic }}?" }
              - { id: last, server: tool, tool: read, arguments: { key: "${{ run.id }}" } }
            output: { topic: "${{ params.topic }}", by: "${{ steps.sure.result.approved_by }}" }
            """,
        ["await.yaml"] = """
            id: await
            version: "1"
            description: Waits for a signal, then for another.
            params: { type: object }
            servers:
              tool: { image: "null/tool:1" }
            steps:
              - id: flat
                signal: { name: flat, schema: { type: object, required: [name], properties: { name: { type: string }, many: { type: integer } } } }
              - id: deep
                signal: { name: deep, schema: { type: array, items: { type: integer } } }
              - { id: last, server: tool, tool: read, arguments: { key: "${{ run.id }}" } }
            output: { flat: "${{ steps.flat.result }}", deep: "${{ steps.deep.result }}" }
            """,
        ["large.yaml"] = """
            id: large
            version: "1"
            description: Gives back what it was given.
            params: { type: object }
            servers:
              tool: { image: "null/tool:1" }
            steps:
              - id: sure
                signal: { name: go }
              - { id: last, server: tool, tool: read, arguments: { key: "${{ run.id }}" } }
            output: { all: "${{ params.text }}" }
            """,
    };
}
