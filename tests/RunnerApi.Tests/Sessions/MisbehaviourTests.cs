using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

/// <summary>What an untrusted server may print, byte by byte, and what the caller sees.</summary>
public sealed class MisbehaviourTests
{
    [Theory]
    [InlineData("banner", "echo Listening...; ok fine", "not_json", 1)]
    [InlineData("empty lines", "echo; echo; ok fine", "not_json", 2)]
    [InlineData("json scalar", "echo 42; ok fine", "invalid_message", 1)]
    [InlineData("bad utf-8", "printf '\\377\\376{\\n'; ok fine", "invalid_utf8", 1)]
    [InlineData("10 MiB line", "fill 10485760 a; echo; ok fine", "line_too_long", 1)]
    [InlineData("wrong id", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"nobody\",\"result\":{}}\\n'; ok fine", "unknown_id", 1)]
    [InlineData("number id", "printf '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\\n'; ok fine", "unknown_id", 1)]
    [InlineData("huge id", "printf '{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":\"'; fill 500000 i; printf '\"}\\n'; ok fine", "unknown_id", 1)]
    [InlineData("second answer", "ok fine; ok other", "duplicate_answer", 1)]
    [InlineData("second handshake", "keep=$id; id=box-initialize; greet; id=$keep; ok fine", "duplicate_answer", 1)]
    [InlineData("batch", "printf '[{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{}}]\\n'; ok fine", "invalid_message", 1)]
    [InlineData("old json-rpc", "printf '{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":{}}\\n'; ok fine", "invalid_message", 1)]
    [InlineData("server request with a huge id", "printf '{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"'; fill 5000 i; printf '\"}\\n'; ok fine", "invalid_message", 1)]
    public async Task Noise_BesideTheAnswer_IsCountedAndTheAnswerHolds(string name, string script, string kind, long count)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; " + script));
        await runner.PutAsync("box", "c1");

        var call = await runner.AnswerAsync("box", "c1");

        Assert.True(call.Status == CallStatus.Result, name);
        Assert.Equal("fine", call.Result!.Value.GetProperty("text").GetString());
        await Poll.UntilAsync(async () => (await runner.ViewAsync("box")).Evidence.ProtocolNoise.GetValueOrDefault(kind) == count, name);
        Assert.Single((await runner.ViewAsync("box")).Evidence.ProtocolNoise);
    }

    [Theory]
    [InlineData("too deep", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{\"x\":'; fill 5000 '['; fill 5000 ']'; printf '}}\\n'", "invalid_answer")]
    [InlineData("name twice", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{\"a\":1,\"a\":2}}\\n'", "invalid_answer")]
    [InlineData("result and error", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{},\"error\":{\"code\":1,\"message\":\"m\"}}\\n'", "invalid_answer")]
    [InlineData("neither", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\"}\\n'", "invalid_answer")]
    [InlineData("result no object", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":[]}\\n'", "invalid_answer")]
    [InlineData("lone surrogate", "printf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{\"t\":\"\\ud800\"}}'", "invalid_answer")]
    [InlineData("lone surrogate in a name", "printf '%s\\n' '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{\"\\udc00\":1}}'", "invalid_answer")]
    [InlineData("too large, id first", "printf '{\"jsonrpc\":\"2.0\",\"id\":\"c1\",\"result\":{\"t\":\"'; fill 2000000 a; printf '\"}}\\n'", "result_too_large")]
    [InlineData("too large, id last", "printf '{\"result\":{\"t\":\"'; fill 2000000 a; printf '\"},\"jsonrpc\":\"2.0\",\"id\":\"c1\"}\\n'", "result_too_large")]
    public async Task UnusableAnswer_EndsTheCallAtOnce_AndTheSandboxLives(string name, string script, string code)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; " + script + "; rd; ok fine"));
        await runner.PutAsync("box", "c1");

        var call = await runner.AnswerAsync("box", "c1");

        Assert.True(call.Status == CallStatus.Error, name);
        Assert.Equal(code, call.Error!.Code);
        await runner.PutAsync("box", "c2");
        Assert.Equal(CallStatus.Result, (await runner.AnswerAsync("box", "c2")).Status);
    }

    [Theory]
    [InlineData("lines", "yes")]
    [InlineData("json lines", "yes '{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}'")]
    [InlineData("one line", "cat /dev/zero")]
    [InlineData("stderr", "cat /dev/zero >&2")]
    public async Task EndlessOutput_StopsTheSandbox_AndTheCallIsUnknown(string name, string script)
    {
        await using var runner = await RunnerHarness.StartAsync("MaxOutputBytes=2000000");
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; " + script));
        await runner.PutAsync("box", "c1");

        var call = await runner.AnswerAsync("box", "c1");
        var view = await runner.ViewAsync("box");

        Assert.Equal((CallStatus.Unknown, "output_limit"), (call.Status, call.Error!.Code));
        Assert.True(view is { Phase: SandboxPhase.Failed, ReasonCode: "output_limit" }, name);
        await Poll.UntilAsync(() => runner.Driver.Find("box") is null);
    }

    [Fact]
    public async Task NoiseLines_OverTheirCap_StopTheSandbox()
    {
        await using var runner = await RunnerHarness.StartAsync("MaxNoiseLines=20");
        await runner.LaunchAsync("box", Scripts.AfterHello("i=0; while [ $i -lt 21 ]; do echo x; i=$((i+1)); done"));
        Assert.Equal("output_limit", (await runner.WhenAsync("box", SandboxPhase.Failed)).ReasonCode);
    }

    [Fact]
    public async Task Exit_WithACallInFlight_IsUnknownWithTheExitCode()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; exit 3"));
        await runner.PutAsync("box", "c1");

        var call = await runner.AnswerAsync("box", "c1");
        var view = await runner.ViewAsync("box");

        Assert.Equal((CallStatus.Unknown, "server_exited"), (call.Status, call.Error!.Code));
        Assert.Contains("code 3", call.Error.Message, StringComparison.Ordinal);
        Assert.Equal((SandboxPhase.Exited, 3), (view.Phase, view.ExitCode));
        using var late = await runner.TryPutAsync("box", "c2");
        await RunnerHarness.ProblemAsync(late, System.Net.HttpStatusCode.Gone, ProblemCodes.SandboxEnded);
    }

    [Theory]
    [InlineData("ok fine; exit 1")]
    [InlineData("ok fine | tr -d '\\n'; exit 1")]
    public async Task Answer_JustBeforeTheExit_Counts(string script)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; " + script));
        await runner.PutAsync("box", "c1");
        Assert.Equal(CallStatus.Result, (await runner.AnswerAsync("box", "c1")).Status);
    }

    [Fact]
    public async Task NoAnswer_UntilTheTimeout_IsUnknownAndTheServerIsTold()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; rd"));
        await runner.PutAsync("box", "c1", timeout: 5);
        await Poll.UntilAsync(() => runner.Seen.Length == 3);

        runner.Time.Advance(TimeSpan.FromSeconds(5));

        var call = await runner.AnswerAsync("box", "c1");
        Assert.Equal((CallStatus.Unknown, "call_timed_out"), (call.Status, call.Error!.Code));
        await Poll.UntilAsync(() => runner.Seen.Any(l => l.Contains("notifications/cancelled", StringComparison.Ordinal) && l.Contains("\"c1\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Stdin_ThatIsNeverRead_HoldsNobodyBack()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("hello; gate; sleep 60"));
        await runner.WhenAsync("box", SandboxPhase.Ready);
        await runner.PutAsync("box", "c1", json: "{\"x\":\"" + new string('a', 900_000) + "\"}", timeout: 5);
        await runner.PutAsync("box", "c2", timeout: 5);
        await Poll.UntilAsync(() => File.Exists(runner.PathOf("state/sandboxes/box/calls/c1.json")));

        runner.Time.Advance(TimeSpan.FromSeconds(6));

        var first = await runner.AnswerAsync("box", "c1");
        var second = await runner.AnswerAsync("box", "c2");
        Assert.Equal((CallStatus.Unknown, "call_timed_out"), (first.Status, first.Error!.Code));
        Assert.Equal((CallStatus.Error, "call_timed_out"), (second.Status, second.Error!.Code));
        Assert.Contains("not sent", second.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerRequests_AreAnsweredWithPongOrRefused()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("""
            echo '{"jsonrpc":"2.0","id":7,"method":"ping"}'; rd
            echo '{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}'; rd
            """));
        await Poll.UntilAsync(() => runner.Seen.Length == 4);
        Assert.Equal("""{"jsonrpc":"2.0","id":7,"result":{}}""", runner.Seen[2]);
        Assert.Contains("-32601", runner.Seen[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_ToAHeldCall_IsNotTaken()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("rd; keep=$id; gate; id=c1; ok forged; id=$keep; greet; rd; rd; ok fine; while rd; do :; done"));
        await runner.PutAsync("box", "c1");
        runner.OpenGate();
        Assert.Equal("fine", (await runner.AnswerAsync("box", "c1")).Result!.Value.GetProperty("text").GetString());
        Assert.Equal(1, (await runner.ViewAsync("box")).Evidence.ProtocolNoise["unknown_id"]);
    }
}
