namespace Actors.Testing.NullRunner;

/// <summary>Workflows over the null runner's tools. Each call's key names its effect.</summary>
public static class NullWorkflows
{
    /// <summary>Three steps; the first and the last have tools that must not be repeated.</summary>
    public const string Three = "three";

    /// <summary>Three steps with tools that may be repeated.</summary>
    public const string Repeatable = "repeatable";

    /// <summary>Never ends by itself: the run's time is over after 5 s.</summary>
    public const string Hang = "hang";

    /// <summary>A first call that fails once and is tried again after a pause, an approval and a signal that wait for 8 s each, and a call that must not be repeated.</summary>
    public const string Waits = "waits";

    /// <summary>A workflow's text.</summary>
    public static string Text(string id, string version = "1") => id switch
    {
        Three => Steps(id, version, "10m", "append", "put", "append"),
        Repeatable => Steps(id, version, "10m", "put", "read", "put"),
        Hang => Steps(id, version, "5s", "append", "append", "append"),
        Waits => WaitSteps(version),
        _ => throw new ArgumentOutOfRangeException(nameof(id), id, "no such workflow"),
    };

    /// <summary>Writes all of them into a folder.</summary>
    public static void Write(string folder, string version = "1")
    {
        Directory.CreateDirectory(folder);
        foreach (var id in (string[])[Three, Repeatable, Hang, Waits])
        {
            File.WriteAllText(Path.Combine(folder, id + ".yaml"), Text(id, version));
        }
    }

    private static string WaitSteps(string version) =>
        $$$"""
        id: {{{Waits}}}
        version: "{{{version}}}"
        timeout: 10m
        params: { type: object }
        servers:
          tool: { image: "null/tool:1" }
        steps:
          - { id: a, server: tool, tool: flaky, timeout: 10m, retry: { attempts: 5, backoff: 1s }, arguments: { key: "${{ run.id }}-a", ms: 1, fails: 1 } }
          - id: ok
            approval: { message: "Go on?", timeout: 8s }
          - id: wait
            signal: { name: go, timeout: 8s }
          - { id: b, server: tool, tool: append, timeout: 10m, arguments: { key: "${{ run.id }}-b", ms: "${{ params.ms }}" } }
        output: { last: "${{ steps.b.result.structuredContent.key }}" }
        """;

    private static string Steps(string id, string version, string timeout, string first, string second, string third) =>
        $$$"""
        id: {{{id}}}
        version: "{{{version}}}"
        timeout: {{{timeout}}}
        params: { type: object }
        servers:
          tool: { image: "null/tool:1" }
        steps:
          - { id: a, server: tool, tool: {{{first}}}, timeout: 10m, arguments: { key: "${{ run.id }}-a", ms: "${{ params.ms }}" } }
          - { id: b, server: tool, tool: {{{second}}}, timeout: 10m, arguments: { key: "${{ run.id }}-b", ms: "${{ params.ms }}", seen: "${{ steps.a.result.structuredContent.key }}" } }
          - { id: c, server: tool, tool: {{{third}}}, timeout: 10m, arguments: { key: "${{ run.id }}-c", ms: "${{ params.ms }}", seen: "${{ steps.b.result.structuredContent.key }}" } }
        output: { last: "${{ steps.c.result.structuredContent.key }}" }
        """;
}
