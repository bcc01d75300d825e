using System.Text;
using Actors.Testing;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>The shell server's images, and workflows and a policy that use it.</summary>
internal static class ShellServer
{
    public static IReadOnlyList<string> Tools { get; } =
    [
        "who", "slow", "slow-read", "garbage", "long-line", "endless", "invalid-utf8", "wrong-id", "twice", "exit", "never", "rpc-error", "tool-error", "secret", "stderr", "progress",
    ];

    /// <summary>An image of that name: its <c>who</c> tool says it.</summary>
    public static TestImage Image(string name) => TestImages.FromFiles(
        [
            new TestFile("bin/busybox", File.ReadAllBytes("/bin/busybox"), Executable: true),
            new TestFile("server.sh", File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EndToEnd", "shell-server.sh"))),
            new TestFile("name", Encoding.UTF8.GetBytes(name)),
        ],
        ["/bin/busybox", "sh", "/server.sh", name]);

    /// <summary>One step that calls one tool.</summary>
    public static string Workflow(string tool, string image, string profile, string? id = null) =>
        $$$"""
        id: {{{id ?? tool}}}
        version: "1"
        description: Calls {{{tool}}}.
        timeout: 2m
        params: { type: object }
        servers:
          shell:
            image: "{{{image}}}"
            profile: {{{profile}}}
            limits: { memory: 64Mi }
            secrets: { API_KEY: api-key }
        steps:
          - { id: call, server: shell, tool: {{{tool}}}, timeout: 12s, arguments: {} }
        output: { text: "${{ steps.call.result.content[0].text }}" }
        """;

    /// <summary>Two servers; the second step takes the first one's result.</summary>
    public static string TwoServers(string image) =>
        $$$"""
        id: two-servers
        version: "1"
        timeout: 2m
        params: { type: object }
        servers:
          first: { image: "{{{image}}}" }
          second: { image: "{{{image}}}", profile: shared-kernel }
        steps:
          - { id: ask, server: first, tool: who, arguments: {} }
          - { id: tell, server: second, tool: who, arguments: { heard: "${{ steps.ask.result.content[0].text }}" } }
        output: { first: "${{ steps.ask.result.content[0].text }}", second: "${{ steps.tell.result.content[0].text }}" }
        """;

    /// <summary>Like the example of that name: a call, a person's word, another call.</summary>
    public static string CountApproved(string image) =>
        $$$"""
        id: count-approved
        version: "1"
        timeout: 10m
        params: { type: object }
        servers:
          files: { image: "{{{image}}}" }
          words: { image: "{{{image}}}", profile: shared-kernel }
        steps:
          - { id: read, server: files, tool: who, arguments: {} }
          - { id: agree, approval: { message: "Count the words of ${{ steps.read.result.content[0].text }}?", timeout: 5m } }
          - { id: count, server: words, tool: who, idempotent: true, retry: { attempts: 3, backoff: 2s }, arguments: {} }
        output: { words: "${{ steps.count.result.content[0].text }}", approved_by: "${{ steps.agree.result.approved_by }}" }
        """;

    /// <summary>A rule for each test registry; a profile per runtime.</summary>
    public static string Policy(string registry, string flipping) =>
        $$"""
        version: 1
        registries:
          - match: "{{registry}}/tests/**"
            insecure: true
            require: { any: [ { key: key.pub } ] }
          - match: "{{flipping}}/tests/**"
            insecure: true
            require: { any: [ { key: key.pub } ] }
        profiles:
          default: { runtime: runsc, network: none, defaults: { cpu: "1", memory: 64Mi, pids: 256, lifetime: 5m }, caps: { cpu: "2", memory: 256Mi, pids: 256, lifetime: 10m } }
          shared-kernel: { runtime: runc, network: none, defaults: { cpu: "1", memory: 64Mi, pids: 64, lifetime: 5m }, caps: { cpu: "2", memory: 256Mi, pids: 256, lifetime: 10m } }
        """;
}
