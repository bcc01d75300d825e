using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

public sealed class HandshakeTests
{
    [Fact]
    public async Task Handshake_AfterABanner_IsReadyWithTheServersWords()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("echo Welcome; echo; hello; while rd; do :; done"));

        var view = await runner.WhenAsync("box", SandboxPhase.Ready);

        Assert.Equal(new ServerIdentity("sh", "1", "2025-06-18"), view.Server);
        Assert.Equal(2, view.Evidence.ProtocolNoise["not_json"]);
        await Poll.UntilAsync(() => runner.Seen.Length == 2);
        Assert.Contains("\"protocolVersion\":\"2025-11-25\"", runner.Seen[0], StringComparison.Ordinal);
        Assert.Contains("\"capabilities\":{}", runner.Seen[0], StringComparison.Ordinal);
        Assert.Equal("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", runner.Seen[1]);
    }

    [Theory]
    [InlineData("""printf '{"jsonrpc":"2.0","id":"%s","result":{"protocolVersion":"1999-01-01","serverInfo":{"name":"x"}}}\n' "$id" """)]
    [InlineData("""printf '{"jsonrpc":"2.0","id":"%s","result":{"protocolVersion":"2025-06-18"}}\n' "$id" """)]
    [InlineData("""printf '{"jsonrpc":"2.0","id":"%s","result":{}}\n' "$id" """)]
    [InlineData("""printf '{"jsonrpc":"2.0","id":"%s","error":{"code":-1,"message":"no"}}\n' "$id" """)]
    [InlineData("""printf '%s\n' '{"jsonrpc":"2.0","id":"box-initialize","result":{"protocolVersion":"2025-06-18","serverInfo":{"name":"\ud800"}}}'""")]
    public async Task Handshake_ThatIsWrong_FailsTheSandboxAndHeldCallsWereNotSent(string answer)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("rd; gate; " + answer + "; while rd; do :; done"));
        await runner.PutAsync("box", "c1");
        runner.OpenGate();

        var view = await runner.WhenAsync("box", SandboxPhase.Failed);
        var call = await runner.AnswerAsync("box", "c1");

        Assert.Equal(SandboxReasons.HandshakeFailed, view.ReasonCode);
        Assert.Equal((CallStatus.Error, SandboxReasons.HandshakeFailed), (call.Status, call.Error!.Code));
        await Poll.UntilAsync(() => runner.Driver.Find("box") is null);
    }

    [Fact]
    public async Task Handshake_WithoutAnAnswer_FailsAtItsTimeout()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("while rd; do :; done"));
        await Poll.UntilAsync(() => runner.Seen.Length == 1);
        runner.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(SandboxReasons.HandshakeFailed, (await runner.WhenAsync("box", SandboxPhase.Failed)).ReasonCode);
    }

    [Fact]
    public async Task Ping_BeforeTheHandshakesAnswer_IsAnswered()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("""rd; keep=$id; echo '{"jsonrpc":"2.0","id":1,"method":"ping"}'; rd; id=$keep; greet; while rd; do :; done"""));
        await runner.WhenAsync("box", SandboxPhase.Ready);
    }

    [Fact]
    public async Task Call_BeforeReady_WaitsForTheHandshake()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("rd; gate; greet; rd; rd; ok fine; while rd; do :; done"));
        var put = await runner.PutAsync("box", "c1", json: """{"name":"t","_meta":{"k":1,"progressToken":"mine"}}""");
        Assert.Equal(CallStatus.Pending, put.Status);

        runner.OpenGate();

        Assert.Equal(CallStatus.Result, (await runner.AnswerAsync("box", "c1")).Status);
        Assert.Equal("""{"jsonrpc":"2.0","id":"c1","method":"tools/call","params":{"name":"t","_meta":{"k":1,"progressToken":"c1"}}}""", runner.Seen[2]);
    }
}
