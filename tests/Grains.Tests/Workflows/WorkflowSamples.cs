namespace Actors.Grains.Tests.Workflows;

internal static class WorkflowSamples
{
    public const string Count = """
        id: count-words
        version: "1"
        description: Reads a file and counts its words.
        timeout: 5m
        params:
          type: object
          required: [path]
          properties: { path: { type: string, maxLength: 200 } }
          additionalProperties: false
        servers:
          files:
            image: 127.0.0.1:5000/examples/filesystem:1
            args: ["/data"]
            env: { LOG_LEVEL: info }
            secrets: { API_TOKEN: weather-token }
            profile: default
            limits: { cpu: 500m, memory: 256Mi, pids: 256, lifetime: 5m }
          words:
            image: 127.0.0.1:5000/examples/words:1
        steps:
          - id: read
            server: files
            tool: read_text_file
            timeout: 30s
            arguments: { path: "${{ params.path }}" }
          - id: count
            server: words
            tool: count_words
            arguments: { text: "${{ steps.read.result.content[0].text }}" }
        output:
          words: "${{ steps.count.result.structuredContent.words }}"
        """;

    /// <summary>Everything that steps can be besides plain calls.</summary>
    public const string Waits = """
        id: waits
        version: "1"
        priority: high
        timeout: 8h
        servers:
          s: { image: example.com/s:1 }
        steps:
          - id: one
            server: s
            tool: t
            idempotent: true
            retry: { attempts: 5, backoff: 2s, max_backoff: 30s }
          - id: ok
            approval: { message: "Go on with ${{ steps.one.result }}?", timeout: 4h }
          - id: go
            signal: { schema: { type: object, required: [n] }, timeout: 1h }
          - id: other
            signal: { name: other-name }
          - id: two
            server: s
            tool: t
            retry: { attempts: 2 }
            arguments: { by: "${{ steps.ok.result.approved_by }}", n: "${{ steps.go.result.n }}" }
        """;

    public const string Smallest = """
        id: a
        version: "1"
        servers:
          s: { image: example.com/s:1 }
        steps:
          - id: one
            server: s
            tool: t
        """;
}
