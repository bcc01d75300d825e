using System.Net;
using System.Text.Json;
using Actors.Access.Tokens;
using Actors.Silo.Tests.Hosting;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Access;

/// <summary>Subject × verb × run owner, over real HTTP, under one set of rules.</summary>
public sealed class AccessMatrixTests : IAsyncLifetime
{
    private const string Missing = "run-01m81z7bstsr87te87rr5shr8a";
    private const string Unknown = "unknown_run";
    private const string Forbidden = "forbidden";
    private const string Ok = "ok";

    // Each run waits for an approval, so that every verb has something to act on.
    private const string Gate =
        """
        id: ID
        version: "1"
        params: { type: object }
        servers:
          tool: { image: "null/tool:1" }
        steps:
          - { id: ok, approval: { message: "Go on?" } }
          - { id: a, server: tool, tool: append, arguments: { key: "k" } }
        """;

    private const string Rules =
        """
        version: 1
        grants:
          - { subjects: [runner, other], workflows: "open-*", verbs: run }
          - { subjects: canceller, workflows: "*", verbs: [run, cancel] }
          - { subjects: reader, workflows: "*", verbs: read_own }
          - { groups: auditors, workflows: "open-*", verbs: read_all }
          - { groups: approvers, workflows: "open-*", verbs: [read_all, approve] }
          - { subjects: mixed, workflows: "closed-*", verbs: run }
          - { subjects: blind, workflows: "*", verbs: approve }
          - { groups: ops, workflows: "*", verbs: operate }
        """;

    private static readonly (string Subject, string Groups)[] Subjects =
        [("runner", ""), ("other", ""), ("canceller", ""), ("reader", ""), ("auditor", "auditors"), ("approver", "approvers"), ("blind", ""), ("operator", "ops"), ("stranger", ""), ("mixed", "auditors")];

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _tokens = Subjects.ToDictionary(s => s.Subject, _ => StaticToken.New(), StringComparer.Ordinal);
    private SiloHost _silo = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        var lines = Subjects.Select(s => StaticToken.Line(s.Subject, s.Groups.Split(',', StringSplitOptions.RemoveEmptyEntries), _tokens[s.Subject]));
        _silo = await SiloHost.StartAsync(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["CallerTokensFile"] = _folder.Write("tokens", string.Join('\n', lines)),
                ["AccessFile"] = _folder.Write("access.yaml", Rules),
                ["RunWorkflowWaitSeconds"] = "0",
            },
            inMemory: false,
            workflows: new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["open.yaml"] = Gate.Replace("ID", "open-gate", StringComparison.Ordinal),
                ["closed.yaml"] = Gate.Replace("ID", "closed-gate", StringComparison.Ordinal),
            });
        _http = new HttpClient { BaseAddress = _silo.Url };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    // own: the subject's; another's: of runner (open-gate); closed: of canceller (closed-gate), another's for all but it.
    // "-": the subject cannot have a run of its own.
    [Theory]
    [InlineData("runner", "read", Ok, Unknown, Unknown)]
    [InlineData("runner", "list", Ok, Unknown, Unknown)]
    [InlineData("runner", "trace", Ok, Unknown, Unknown)]
    [InlineData("runner", "wait", Ok, Unknown, Unknown)]
    [InlineData("runner", "approve", Forbidden, Unknown, Unknown)]
    [InlineData("runner", "cancel", Forbidden, Unknown, Unknown)]
    [InlineData("canceller", "read", Ok, Unknown, Ok)]
    [InlineData("canceller", "approve", Forbidden, Unknown, Forbidden)]
    [InlineData("canceller", "signal", Forbidden, Unknown, Forbidden)]
    [InlineData("canceller", "cancel", Ok, Unknown, Ok)]
    [InlineData("reader", "read", "-", Unknown, Unknown)]
    [InlineData("reader", "cancel", "-", Unknown, Unknown)]
    [InlineData("auditor", "read", "-", Ok, Unknown)]
    [InlineData("auditor", "list", "-", Ok, Unknown)]
    [InlineData("auditor", "trace", "-", Ok, Unknown)]
    [InlineData("auditor", "approve", "-", Forbidden, Unknown)]
    [InlineData("auditor", "cancel", "-", Forbidden, Unknown)]
    [InlineData("approver", "read", "-", Ok, Unknown)]
    [InlineData("approver", "approve", "-", Ok, Unknown)]
    [InlineData("approver", "cancel", "-", Forbidden, Unknown)]
    [InlineData("blind", "read", "-", Unknown, Unknown)]
    [InlineData("blind", "approve", "-", Unknown, Unknown)]
    [InlineData("operator", "read", "-", Ok, Ok)]
    [InlineData("operator", "list", "-", Ok, Ok)]
    [InlineData("operator", "approve", "-", Ok, Ok)]
    [InlineData("operator", "signal", "-", "unknown_signal", "unknown_signal")]
    [InlineData("operator", "cancel", "-", Ok, Ok)]
    [InlineData("stranger", "read", "-", Unknown, Unknown)]
    [InlineData("stranger", "list", "-", Unknown, Unknown)]
    [InlineData("stranger", "approve", "-", Unknown, Unknown)]
    [InlineData("stranger", "cancel", "-", Unknown, Unknown)]
    public async Task Call_SubjectVerbOwner_AnswersAsGranted(string subject, string verb, string own, string anothers, string closed)
    {
        var of = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["anothers"] = await SubmitAsync(subject == "runner" ? "other" : "runner", "open-gate"),
            ["closed"] = await SubmitAsync("canceller", "closed-gate"),
        };
        if (own != "-")
        {
            of["own"] = await SubmitAsync(subject, "open-gate");
        }
        else
        {
            Assert.Equal("unknown_workflow", await CodeAsync(await CallAsync(subject, "run_workflow", new { workflow_id = "open-gate" })));
        }

        Assert.Equal(anothers, await TryAsync(subject, verb, of["anothers"]));
        Assert.Equal(closed, await TryAsync(subject, verb, of["closed"]));
        Assert.Equal(Unknown, await TryAsync(subject, verb, Missing));
        if (own != "-")
        {
            Assert.Equal(own, await TryAsync(subject, verb, of["own"]));
        }
    }

    [Theory]
    [InlineData("runner", "open-gate")]
    [InlineData("canceller", "closed-gate,hang,open-gate,repeatable,three")]
    [InlineData("auditor", "")]
    public async Task ListWorkflows_ShowsWhatMayBeRun_AndTheOthersDoNotExist(string subject, string expected)
    {
        var listed = await (await CallAsync(subject, "list_workflows", new { })).ContentAsync();
        var refused = await (await CallAsync(subject, "run_workflow", new { workflow_id = "closed-gate", idempotency_key = "k" })).ContentAsync();
        var missing = await (await CallAsync(subject, "run_workflow", new { workflow_id = "no-such-gate" })).ContentAsync();

        Assert.Equal(expected, string.Join(',', listed.GetProperty("workflows").EnumerateArray().Select(w => w.GetProperty("id").GetString()).Order(StringComparer.Ordinal)));
        Assert.Equal(!expected.Contains("closed", StringComparison.Ordinal), refused.TryGetProperty("error", out var error));
        if (error.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(missing.ToString().Replace("no-such-gate", "closed-gate", StringComparison.Ordinal), refused.ToString());
        }
    }

    [Fact]
    public async Task Open_AnothersRun_AnswersWordForWordAsForAMissingOne()
    {
        var run = await SubmitAsync("canceller", "closed-gate");
        foreach (var (tool, arguments) in Calls(run).Zip(Calls(Missing), (a, b) => ((a.Tool, b.Tool), (a.Arguments, b.Arguments))))
        {
            using var anothers = await CallAsync("runner", tool.Item1, arguments.Item1);
            using var missing = await CallAsync("runner", tool.Item2, arguments.Item2);

            Assert.Equal(HttpStatusCode.OK, anothers.StatusCode);
            Assert.Equal((await missing.Content.ReadAsStringAsync()).Replace(Missing, run, StringComparison.Ordinal), await anothers.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("resources/read", """{"uri":"run://ID"}""", "run://ID")]
    [InlineData("resources/read", """{"uri":"run://ID/trace"}""", "run://ID/trace")]
    [InlineData("resources/read", """{"uri":"run://ID/artifacts"}""", "run://ID/artifacts")]
    [InlineData("resources/read", """{"uri":"run://ID/artifacts/output.json"}""", "run://ID/artifacts/output.json")]
    [InlineData("tasks/get", """{"taskId":"ID"}""", "ID")]
    [InlineData("tasks/cancel", """{"taskId":"ID"}""", "ID")]
    [InlineData("tasks/update", """{"taskId":"ID","inputResponses":{"ok":{"action":"accept","content":{"decision":"approve"}}}}""", "ID")]
    public async Task Request_AnothersRun_AnswersWordForWordAsForAMissingOne(string method, string parameters, string name)
    {
        var run = await SubmitAsync("canceller", "closed-gate");
        var anothers = await AskAsync("runner", method, parameters, name, run);
        var missing = await AskAsync("runner", method, parameters, name, Missing);

        Assert.Contains("\"error\"", anothers, StringComparison.Ordinal);
        Assert.Equal(missing.Replace(Missing, run, StringComparison.Ordinal), anothers);
        if (!parameters.Contains("output.json", StringComparison.Ordinal))
        {
            // The run waits: it has no output yet.
            Assert.DoesNotContain("\"error\"", await AskAsync("operator", method, parameters, name, run), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("resources/list", "{}", null)]
    [InlineData("completion/complete", """{"ref":{"type":"ref/resource","uri":"run://{run_id}"},"argument":{"name":"run_id","value":"run-"}}""", null)]
    public async Task List_OfAnyKind_ShowsOwnRunsAlone(string method, string parameters, string? name)
    {
        var own = await SubmitAsync("runner", "open-gate");
        var anothers = await SubmitAsync("canceller", "closed-gate");
        var listed = await AskAsync("runner", method, parameters, name, own);

        Assert.Contains(own, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(anothers, listed, StringComparison.Ordinal);
        Assert.DoesNotContain("closed-gate", listed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_OfAnother_IsNotThere()
    {
        using var begun = await _http.PostAsync(McpWire.Initialize, Bearer("runner"));
        var session = ("Mcp-Session-Id", begun.Headers.GetValues("Mcp-Session-Id").Single());
        using var own = await _http.PostAsync(McpWire.Request("tools/list"), session, Bearer("runner"));
        using var stolen = await _http.PostAsync(McpWire.Request("tools/list"), session, Bearer("operator"));
        using var nobodys = await _http.PostAsync(McpWire.Request("tools/list"), session);

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, stolen.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, nobodys.StatusCode);
    }

    [Fact]
    public async Task Submit_SameIdempotencyKeyOfTwoSubjects_AreTwoRuns()
    {
        var first = await SubmitAsync("runner", "open-gate", "one");
        var again = await SubmitAsync("runner", "open-gate", "one");
        var others = await SubmitAsync("other", "open-gate", "one");

        Assert.Equal(first, again);
        Assert.NotEqual(first, others);
    }

    [Fact]
    public async Task ListRuns_OfACallerWithTwoSources_PagesOverBothOnce()
    {
        var expected = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            expected.Add(await SubmitAsync("runner", "open-gate"));
            await SubmitAsync("canceller", "closed-gate");
            expected.Add(await SubmitAsync("mixed", "closed-gate"));
            expected.Add(await SubmitAsync("canceller", "open-gate"));
        }

        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = await (await CallAsync("mixed", "list_runs", cursor is null ? new { limit = 2 } : new { limit = 2, cursor })).ContentAsync();
            found.AddRange(page.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("run_id").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        Assert.Equal(expected.OrderDescending(StringComparer.Ordinal), found);
    }

    private static (string Tool, object Arguments)[] Calls(string run) =>
    [
        ("get_run", new { run_id = run }),
        ("wait_run", new { run_id = run, timeout_seconds = 0 }),
        ("get_run_trace", new { run_id = run }),
        ("cancel_run", new { run_id = run }),
        ("approve_run", new { run_id = run, step = "ok", decision = "approve" }),
        ("signal_run", new { run_id = run, name = "go" }),
    ];

    private async Task<string> TryAsync(string subject, string verb, string run)
    {
        if (verb == "list")
        {
            var page = await (await CallAsync(subject, "list_runs", new { limit = 100 })).ContentAsync();
            return page.GetProperty("runs").EnumerateArray().Any(r => r.GetProperty("run_id").GetString() == run) ? Ok : Unknown;
        }

        if (verb == "approve" && run != Missing)
        {
            await Actors.Testing.Poll.UntilAsync(async () =>
                (await (await CallAsync("operator", "get_run", new { run_id = run })).ContentAsync()).TryGetProperty("waiting_for", out _));
        }

        var (tool, arguments) = Calls(run)[verb switch { "read" => 0, "wait" => 1, "trace" => 2, "cancel" => 3, "approve" => 4, _ => 5 }];
        return await CodeAsync(await CallAsync(subject, tool, arguments));
    }

    /// <summary>The answer to a request of 2026-07-28 about a run, as text.</summary>
    private async Task<string> AskAsync(string subject, string method, string parameters, string? name, string run)
    {
        const string Meta =
            """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}}""";
        var all = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(parameters.Replace("ID", run, StringComparison.Ordinal))!;
        all["_meta"] = JsonElement.Parse(Meta);
        using var response = await _http.PostAsync(
            McpWire.Request(method, JsonSerializer.Serialize(all)), [.. McpWire.ModernHeaders(method, name?.Replace("ID", run, StringComparison.Ordinal)), Bearer(subject)]);
        return (await response.MessageAsync()).ToString();
    }

    private (string Name, string Value) Bearer(string subject) => ("Authorization", $"Bearer {_tokens[subject]}");

    private static async Task<string> CodeAsync(HttpResponseMessage response)
    {
        var content = await response.ContentAsync();
        return content.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var code) ? code.GetString()! : Ok;
    }

    private async Task<string> SubmitAsync(string subject, string workflow, string? key = null)
    {
        var content = await (await CallAsync(subject, "run_workflow", key is null ? new { workflow_id = workflow } : new { workflow_id = workflow, idempotency_key = key })).ContentAsync();
        Assert.Equal(subject, content.GetProperty("submitter").GetString());
        return content.GetProperty("run_id").GetString()!;
    }

    private Task<HttpResponseMessage> CallAsync(string subject, string tool, object arguments) => _http.CallAsync(tool, arguments, _tokens[subject]);
}
