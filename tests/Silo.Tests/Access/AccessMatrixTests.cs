using System.Net;
using System.Text.Json;
using Actors.Access.Tokens;
using Actors.Grains.Interfaces;
using Actors.Silo.Tests.Hosting;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

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

    // own: the subject's run of open-gate, submitted in its name when it may not run; another's: of runner or other (open-gate);
    // closed: of canceller (closed-gate). One letter for each of the verbs: Ok, Unknown run, Forbidden, unknown Signal.
    [Theory]
    [InlineData("runner", "OOOOFFF", "UUUUUUU", "UUUUUUU")]
    [InlineData("canceller", "OOOOFFO", "UUUUUUU", "OOOOFFO")]
    [InlineData("reader", "OOOOFFF", "UUUUUUU", "UUUUUUU")]
    [InlineData("auditor", "OOOOFFF", "OOOOFFF", "UUUUUUU")]
    [InlineData("approver", "OOOOOSF", "OOOOOSF", "UUUUUUU")]
    [InlineData("blind", "UUUUUUU", "UUUUUUU", "UUUUUUU")]
    [InlineData("operator", "OOOOOSO", "OOOOOSO", "OOOOOSO")]
    [InlineData("stranger", "UUUUUUU", "UUUUUUU", "UUUUUUU")]
    [InlineData("mixed", "OOOOFFF", "OOOOFFF", "UUUUUUU")]
    public async Task Call_SubjectVerbOwner_AnswersAsGranted(string subject, string own, string anothers, string closed)
    {
        string[] verbs = ["read", "list", "trace", "wait", "approve", "signal", "cancel"];
        var seen = new List<string> { "", "", "" };
        foreach (var verb in verbs)
        {
            seen[0] += await LetterAsync(subject, verb, await SubmitForAsync(subject, "open-gate"));
            seen[1] += await LetterAsync(subject, verb, await SubmitAsync(subject == "runner" ? "other" : "runner", "open-gate"));
            seen[2] += await LetterAsync(subject, verb, await SubmitAsync("canceller", "closed-gate"));
            Assert.Equal(Unknown, await TryAsync(subject, verb, Missing));
        }

        Assert.Equal([own, anothers, closed], seen);
    }

    [Theory]
    [InlineData("runner", "open-gate")]
    [InlineData("canceller", "closed-gate,hang,open-gate,repeatable,three,waits")]
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
    [InlineData("tasks/update", """{"taskId":"ID","inputResponses":{"approval:ok":{"action":"accept","content":{"decision":"approve"}}}}""", "ID")]
    public async Task Request_AnothersRun_AnswersWordForWordAsForAMissingOne(string method, string parameters, string name)
    {
        var run = await SubmitAsync("canceller", "closed-gate");
        await WaitingAsync(run);
        var anothers = await AskAsync("runner", method, parameters, name, run);
        Assert.True(await IsWaitingAsync(run));
        var missing = await AskAsync("runner", method, parameters, name, Missing);

        Assert.Contains("\"error\"", anothers, StringComparison.Ordinal);
        Assert.Equal(missing.Replace(Missing, run, StringComparison.Ordinal), anothers);
        if (!parameters.Contains("output.json", StringComparison.Ordinal))
        {
            // The run waits: it has no output yet.
            Assert.DoesNotContain("\"error\"", await AskAsync("operator", method, parameters, name, run), StringComparison.Ordinal);
        }

        if (method is "tasks/update" or "tasks/cancel")
        {
            // What changes a run does so for whoever may.
            await Actors.Testing.Poll.UntilAsync(async () => !await IsWaitingAsync(run));
        }
    }

    [Theory]
    [InlineData("resources/subscribe", """{"uri":"run://ID"}""")]
    [InlineData("resources/read", """{"uri":"run://ID"}""")]
    [InlineData("tasks/get", """{"taskId":"ID"}""")]
    [InlineData("tasks/result", """{"taskId":"ID"}""")]
    [InlineData("tasks/cancel", """{"taskId":"ID"}""")]
    [InlineData("completion/complete", """{"ref":{"type":"ref/resource","uri":"run://{run_id}/artifacts/{+name}"},"argument":{"name":"name","value":""},"context":{"arguments":{"run_id":"ID"}}}""")]
    public async Task RequestInASession_AnothersRun_AnswersWordForWordAsForAMissingOne(string method, string parameters)
    {
        var run = await SubmitAsync("canceller", "closed-gate");
        var session = await BeginAsync("runner");
        async Task<string> AskHereAsync(string id)
        {
            using var response = await _http.PostAsync(McpWire.Request(method, parameters.Replace("ID", id, StringComparison.Ordinal)), session, Bearer("runner"));
            return (await response.MessageAsync()).ToString();
        }

        var anothers = await AskHereAsync(run);

        Assert.Equal(method != "completion/complete", anothers.Contains("\"error\"", StringComparison.Ordinal));
        Assert.Equal((await AskHereAsync(Missing)).Replace(Missing, run, StringComparison.Ordinal), anothers);
    }

    [Fact]
    public async Task Listen_ToAnothersRun_IsGrantedNothing()
    {
        var (own, run) = (await SubmitAsync("runner", "open-gate"), await SubmitAsync("canceller", "closed-gate"));
        var wishes = """{"notifications":{"resourceSubscriptions":["run://OWN","run://ID"],"taskIds":["OWN","ID"]}}""".Replace("OWN", own, StringComparison.Ordinal).Replace("ID", run, StringComparison.Ordinal);
        using var response = await _http.PostAsync(Modern("subscriptions/listen", wishes), [.. McpWire.ModernHeaders("subscriptions/listen"), Bearer("runner")]);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string line;
        while (!(line = (await reader.ReadLineAsync())!).StartsWith("data: ", StringComparison.Ordinal))
        {
        }

        Assert.Contains(own, line, StringComparison.Ordinal);
        Assert.DoesNotContain(run, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prompts/list", "{}", null)]
    [InlineData("completion/complete", """{"ref":{"type":"ref/resource","uri":"workflow://{workflow_id}"},"argument":{"name":"workflow_id","value":""}}""", null)]
    public async Task List_OfWorkflows_ShowsWhatMayBeRunAlone(string method, string parameters, string? name)
    {
        var listed = await AskAsync("runner", method, parameters, name, "");

        Assert.Contains("open-gate", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("closed-gate", listed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resources/read", """{"uri":"workflow://ID"}""", "workflow://ID")]
    [InlineData("prompts/get", """{"name":"ID"}""", "ID")]
    public async Task Request_WorkflowThatMayNotBeRun_AnswersWordForWordAsForAMissingOne(string method, string parameters, string name)
    {
        var refused = await AskAsync("runner", method, parameters, name, "closed-gate");

        Assert.Contains("\"error\"", refused, StringComparison.Ordinal);
        Assert.Equal((await AskAsync("runner", method, parameters, name, "no-such-gate")).Replace("no-such-gate", "closed-gate", StringComparison.Ordinal), refused);
        Assert.DoesNotContain("\"error\"", await AskAsync("canceller", method, parameters, name, "closed-gate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TasksList_InASession_ShowsOwnRunsAlone()
    {
        var (own, anothers) = (await SubmitAsync("runner", "open-gate"), await SubmitAsync("canceller", "closed-gate"));
        using var response = await _http.PostAsync(McpWire.Request("tasks/list"), await BeginAsync("runner"), Bearer("runner"));
        var listed = (await response.MessageAsync()).ToString();

        Assert.Contains(own, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(anothers, listed, StringComparison.Ordinal);
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
        var session = await BeginAsync("runner");
        using var call = await _http.PostAsync(McpWire.Request("tools/list"), session, Bearer("runner"));
        var events = (await call.Content.ReadAsStringAsync()).Split('\n').First(l => l.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..];
        using var stolen = await _http.PostAsync(McpWire.Request("tools/list"), session, Bearer("operator"));
        using var stream = await _http.SendAsync(HttpMethod.Get, null, session, Bearer("operator"));
        using var resumed = await _http.SendAsync(HttpMethod.Get, null, session, Bearer("operator"), ("Last-Event-ID", events));
        using var elsewhere = await _http.SendAsync(HttpMethod.Get, null, await BeginAsync("operator"), Bearer("operator"), ("Last-Event-ID", events));
        using var deleted = await _http.SendAsync(HttpMethod.Delete, null, session, Bearer("operator"));
        using var nobodys = await _http.PostAsync(McpWire.Request("tools/list"), session);
        using var own = await _http.PostAsync(McpWire.Request("tools/list"), session, Bearer("runner"));

        Assert.All([stolen, stream, resumed, deleted], r => Assert.Equal(HttpStatusCode.NotFound, r.StatusCode));
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, nobodys.StatusCode);
        Assert.Equal(0, await own.CodeAsync());
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
            await WaitingAsync(run);
        }

        var (tool, arguments) = Calls(run)[verb switch { "read" => 0, "wait" => 1, "trace" => 2, "cancel" => 3, "approve" => 4, _ => 5 }];
        return await CodeAsync(await CallAsync(subject, tool, arguments));
    }

    /// <summary>The answer to a request of 2026-07-28 about a run, as text.</summary>
    private async Task<string> AskAsync(string subject, string method, string parameters, string? name, string run)
    {
        using var response = await _http.PostAsync(
            Modern(method, parameters.Replace("ID", run, StringComparison.Ordinal)), [.. McpWire.ModernHeaders(method, name?.Replace("ID", run, StringComparison.Ordinal)), Bearer(subject)]);
        return (await response.MessageAsync()).ToString();
    }

    /// <summary>A request of a client that takes tasks and shows forms.</summary>
    private static string Modern(string method, string parameters)
    {
        const string Meta =
            """{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}}""";
        var all = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(parameters)!;
        all["_meta"] = JsonElement.Parse(Meta);
        return McpWire.Request(method, JsonSerializer.Serialize(all));
    }

    private async Task<(string Name, string Value)> BeginAsync(string subject)
    {
        using var begun = await _http.PostAsync(McpWire.Initialize, Bearer(subject));
        return ("Mcp-Session-Id", begun.Headers.GetValues("Mcp-Session-Id").Single());
    }

    private async Task<bool> IsWaitingAsync(string run) => (await (await CallAsync("operator", "get_run", new { run_id = run })).ContentAsync()).TryGetProperty("waiting_for", out _);

    private Task WaitingAsync(string run) => Actors.Testing.Poll.UntilAsync(() => IsWaitingAsync(run));

    private async Task<char> LetterAsync(string subject, string verb, string run) => await TryAsync(subject, verb, run) switch
    {
        Ok => 'O',
        Unknown => 'U',
        Forbidden => 'F',
        "unknown_signal" => 'S',
        var other => throw new InvalidOperationException($"{subject} may not {verb}: {other}"),
    };

    /// <summary>Submits in the name of a subject, whether it may or not.</summary>
    private async Task<string> SubmitForAsync(string subject, string workflow)
    {
        if (subject is "runner" or "other" or "canceller")
        {
            return await SubmitAsync(subject, workflow);
        }

        Assert.Equal("unknown_workflow", await CodeAsync(await CallAsync(subject, "run_workflow", new { workflow_id = workflow })));
        var request = new SubmitRequest { WorkflowId = workflow, Params = JsonElement.Parse("{}"), Submitter = subject };
        return (await _silo.Services.GetRequiredService<IRunDirectory>().SubmitAsync(request, CancellationToken.None)).RunId;
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
