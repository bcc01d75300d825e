using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Endpoints;

public sealed class LaunchTests
{
    [Fact]
    public async Task Launch_Twice_GivesTheSameSandboxOnce()
    {
        await using var runner = await RunnerHarness.StartAsync();
        var request = runner.Request("box", Scripts.Echo);
        var launches = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => runner.LaunchAsync(request)));

        Assert.Equal([200, 200, 200, 201], launches.Select(l => (int)l.StatusCode).Order());
        var bodies = await Task.WhenAll(launches.Select(RunnerHarness.ReadAsync<LaunchResponse>));
        Assert.All(bodies, b => Assert.Equal(("box", "proc-box", FakeGate.Digest, "process"), (b.Id, b.PodName, b.ImageDigest, b.Runtime)));
        Assert.Equal(1, runner.Driver.Find("box")!.Starts);
        using var other = await runner.LaunchAsync(request with { Args = ["sh"] });
        await RunnerHarness.ProblemAsync(other, HttpStatusCode.Conflict, ProblemCodes.Conflict);
    }

    [Fact]
    public async Task Launch_OfARefusedImage_Is403WithTheDecision()
    {
        await using var runner = await RunnerHarness.StartAsync();
        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo) with { Image = "evil/image" });
        var problem = await RunnerHarness.ProblemAsync(response, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.Unsigned, problem.GetProperty("decision").GetProperty("code").GetString());
        Assert.Null(runner.Driver.Find("box"));
        Assert.False(Directory.Exists(runner.PathOf("state/sandboxes/box")));
    }

    [Fact]
    public async Task Launch_OverACap_OrWithoutItsRuntime_Is403()
    {
        await using var runner = await RunnerHarness.StartAsync();
        using var over = await runner.LaunchAsync(runner.Request("box", Scripts.Echo) with { Limits = new SandboxLimits { MemoryBytes = 1L << 40 } });
        var problem = await RunnerHarness.ProblemAsync(over, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.LimitsExceedProfile, problem.GetProperty("decision").GetProperty("code").GetString());

        runner.Driver.Runtime = null;
        using var missing = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));
        problem = await RunnerHarness.ProblemAsync(missing, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.RuntimeUnavailable, problem.GetProperty("decision").GetProperty("code").GetString());
        Assert.False(problem.GetProperty("decision").GetProperty("admitted").GetBoolean());
    }

    [Theory]
    [InlineData("create")]
    [InlineData("attach")]
    public async Task Launch_ThatTheEngineFails_Is502AndLeavesNothing(string verb)
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.Driver.Failures[verb] = SandboxFault.StartFailed;
        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));
        await RunnerHarness.ProblemAsync(response, HttpStatusCode.BadGateway, ProblemCodes.EngineFailed);
        Assert.Null(runner.Driver.Find("box"));
        await runner.LaunchAsync("box", Scripts.Echo);
    }

    [Theory]
    [InlineData("../token")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public async Task Secret_WithAPathInItsName_Is400(string name) => await SecretAsync(name, HttpStatusCode.BadRequest, ProblemCodes.BadRequest);

    [Theory]
    [InlineData("absent")]
    [InlineData("empty")]
    [InlineData("big")]
    public async Task Secret_ThatCantServe_Is422(string name) => await SecretAsync(name, HttpStatusCode.UnprocessableEntity, ProblemCodes.UnknownSecret);

    [Fact]
    public async Task Secrets_AreScrubbedFromAllThatComesBack()
    {
        const string Value = "s3cr3t-value-1234";
        await using var runner = await RunnerHarness.StartAsync();
        runner.AddSecret("key", Value + "\n");
        var script = Scripts.Raw("""
            rd; printf '{"jsonrpc":"2.0","id":"%s","result":{"protocolVersion":"2025-06-18","serverInfo":{"name":"n %s","version":"%s"}}}\n' "$id" "$KEY" "$KEY"; rd
            rd; printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"c1","progress":1,"message":"%s"}}\n' "$KEY"
            gate; echo "err $KEY" >&2; ok "$KEY"
            rd; printf '{"jsonrpc":"2.0","id":"c2","error":{"code":-5,"message":"bad %s"}}\n' "$KEY"
            while rd; do :; done
            """);
        using var launched = await runner.LaunchAsync(runner.Request("box", script) with { Secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["KEY"] = "key" } });
        Assert.Equal(HttpStatusCode.Created, launched.StatusCode);
        Assert.Equal(Value, runner.Driver.Find("box")!.Spec.Env["KEY"]);

        await runner.PutAsync("box", "c1");
        var progress = await runner.GetAsync<CallView>("/runs/box/calls/c1?wait=60&progress=0");
        runner.OpenGate();
        var result = await runner.AnswerAsync("box", "c1");
        await runner.PutAsync("box", "c2");
        var error = await runner.AnswerAsync("box", "c2");
        await Poll.UntilAsync(async () => (await runner.Http.GetStringAsync("/runs/box/logs")).Length > 0);
        var view = await runner.ViewAsync("box");

        Assert.Equal("[redacted]", progress.Progress!.Message);
        Assert.Equal("[redacted]", result.Result!.Value.GetProperty("text").GetString());
        Assert.Equal(("json_rpc_error", "bad [redacted]", -5), (error.Error!.Code, error.Error.Message, error.Error.RpcCode));
        Assert.Equal("err [redacted]\n", view.Evidence.StderrTail);
        Assert.Equal("n [redacted]", view.Server!.Name);
        Assert.Equal("err [redacted]\n", await runner.Http.GetStringAsync("/runs/box/logs"));
        Assert.DoesNotContain(Value, runner.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_AboveTheMost_Is429WithRetryAfter()
    {
        await using var runner = await RunnerHarness.StartAsync("MaxSandboxes=1");
        await runner.LaunchAsync("one", Scripts.Echo);
        using var response = await runner.LaunchAsync(runner.Request("two", Scripts.Echo));
        await RunnerHarness.ProblemAsync(response, HttpStatusCode.TooManyRequests, ProblemCodes.Busy);
        Assert.NotNull(response.Headers.RetryAfter);
        using var deleted = await runner.Http.DeleteAsync("/runs/one");
        await runner.LaunchAsync("two", Scripts.Echo);
    }

    [Fact]
    public async Task Fence_OlderThanTheLast_Is409AlsoAfterARestart()
    {
        await using var runner = await RunnerHarness.StartAsync();
        var request = runner.Request("box", Scripts.Echo, fence: 5);
        using var launched = await runner.LaunchAsync(request);
        using var raised = await runner.TryPutAsync("box", "c1", fence: 7);
        Assert.Equal(HttpStatusCode.OK, raised.StatusCode);
        await runner.RestartAsync();

        using var launch = await runner.LaunchAsync(request with { Fence = 6 });
        using var call = await runner.TryPutAsync("box", "c2", fence: 6);
        using var delete = await runner.Http.DeleteAsync("/runs/box?fence=6");
        foreach (var response in new[] { launch, call, delete })
        {
            await RunnerHarness.ProblemAsync(response, HttpStatusCode.Conflict, ProblemCodes.StaleFence);
        }

        using var newest = await runner.LaunchAsync(request with { Fence = 8 });
        Assert.Equal(HttpStatusCode.OK, newest.StatusCode);
        using var gone = await runner.Http.DeleteAsync("/runs/box?fence=8");
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
    }

    [Fact]
    public async Task Delete_IsIdempotent_AndUsesTheIdUpAlsoAfterARestart()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        var waiting = runner.GetAsync<SandboxView>("/runs/box?wait=60&phase=ready");
        await runner.WhenAsync("box", SandboxPhase.Ready);
        using var first = await runner.Http.DeleteAsync("/runs/box");
        using var second = await runner.Http.DeleteAsync("/runs/box");
        using var unknown = await runner.Http.DeleteAsync("/runs/never");
        var last = await RunnerHarness.ReadAsync<SandboxView>(first);
        Assert.Equal((HttpStatusCode.OK, SandboxPhase.Stopped, SandboxReasons.Stopped), (first.StatusCode, last.Phase, last.ReasonCode));
        Assert.All(new[] { second, unknown }, r => Assert.Equal(HttpStatusCode.NoContent, r.StatusCode));
        Assert.Null(runner.Driver.Find("box"));
        Assert.Contains((await waiting).Phase, new[] { SandboxPhase.Starting, SandboxPhase.Stopped });

        await runner.RestartAsync();
        foreach (var id in new[] { "box", "never" })
        {
            using var late = await runner.LaunchAsync(runner.Request(id, Scripts.Echo));
            await RunnerHarness.ProblemAsync(late, HttpStatusCode.Gone, ProblemCodes.SandboxEnded);
        }

        using var view = await runner.Http.GetAsync("/runs/box");
        await RunnerHarness.ProblemAsync(view, HttpStatusCode.NotFound, ProblemCodes.NotFound);
    }

    private static async Task SecretAsync(string name, HttpStatusCode status, string code)
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.AddSecret("empty", "\n");
        runner.AddSecret("big", new string('x', (64 * 1024) + 1));
        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo) with { Secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["KEY"] = name } });
        await RunnerHarness.ProblemAsync(response, status, code);
        Assert.Null(runner.Driver.Find("box"));
    }
}
