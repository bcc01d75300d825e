using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

/// <summary>A second host over the same state directory and the same containers.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Answer_WhileTheRunnerIsDown_IsFoundAndNothingIsSentAgain()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("hello; rd; ok first; rd; gate; ok second; while rd; do ok more; done"));
        await runner.PutAsync("box", "c1");
        await runner.AnswerAsync("box", "c1");
        await runner.PutAsync("box", "c2");
        await Poll.UntilAsync(() => runner.Seen.Length == 4);

        await runner.ShutdownAsync();
        runner.OpenGate();
        await runner.BootAsync();

        Assert.Equal("second", (await runner.AnswerAsync("box", "c2")).Result!.Value.GetProperty("text").GetString());
        Assert.Equal("first", (await runner.AnswerAsync("box", "c1")).Result!.Value.GetProperty("text").GetString());
        Assert.Equal(CallStatus.Result, (await runner.PutAsync("box", "c2")).Status);
        await runner.PutAsync("box", "c3");
        await runner.AnswerAsync("box", "c3");
        Assert.Equal(["initialize", "notifications/initialized", "c1", "c2", "c3"], Names(runner.Seen));
        Assert.Equal(SandboxPhase.Ready, (await runner.ViewAsync("box")).Phase);
        Assert.Equal(1, runner.Driver.Find("box")!.Starts);
    }

    [Fact]
    public async Task Replay_WithoutItsStart_EndsForOutputLostAndNoCallIsDecidedByIt()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; gate; ok late"));
        await runner.PutAsync("box", "c1");
        await Poll.UntilAsync(() => runner.Seen.Length == 3);

        await runner.ShutdownAsync();
        runner.Driver.Find("box")!.ForgetOutput();
        runner.OpenGate();
        await runner.BootAsync();

        var view = await runner.WhenAsync("box", SandboxPhase.Failed);
        Assert.Equal(SandboxReasons.OutputLimit, view.ReasonCode);
        Assert.Equal(CallStatus.Unknown, (await runner.AnswerAsync("box", "c1")).Status);
    }

    [Fact]
    public async Task UndecidedCall_StaysPendingAfterARestart_ThenResolves()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; gate; ok late"));
        await runner.PutAsync("box", "c1");
        await Poll.UntilAsync(() => runner.Seen.Length == 3);

        await runner.RestartAsync();
        Assert.Equal(CallStatus.Pending, (await runner.PutAsync("box", "c1")).Status);
        using var other = await runner.TryPutAsync("box", "c1", json: """{"other":1}""");
        await RunnerHarness.ProblemAsync(other, HttpStatusCode.Conflict, ProblemCodes.Conflict);
        runner.OpenGate();

        Assert.Equal(CallStatus.Result, (await runner.AnswerAsync("box", "c1")).Status);
        Assert.Equal(3, runner.Seen.Length);
    }

    [Fact]
    public async Task UndecidedCall_PastItsTimeoutAfterARestart_IsUnknownOnlyAfterTheGrace()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd"));
        await runner.PutAsync("box", "c1", timeout: 20);
        await Poll.UntilAsync(() => runner.Seen.Length == 3);
        await runner.ShutdownAsync();
        runner.Time.Advance(TimeSpan.FromSeconds(60));
        await runner.BootAsync();

        runner.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(CallStatus.Pending, (await runner.GetAsync<CallView>("/runs/box/calls/c1")).Status);
        runner.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(SandboxReasons.CallTimedOut, (await runner.AnswerAsync("box", "c1")).Error!.Code);
        await runner.RestartAsync();
        Assert.Equal(SandboxReasons.CallTimedOut, (await runner.AnswerAsync("box", "c1")).Error!.Code);
    }

    [Fact]
    public async Task TimedOutCall_AnsweredLater_StaysUnknownAcrossARestart()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; gate; ok late; printf x >&2"));
        await runner.PutAsync("box", "c1", timeout: 5);
        await Poll.UntilAsync(() => runner.Seen.Length == 3);
        runner.Time.Advance(TimeSpan.FromSeconds(5));
        await runner.AnswerAsync("box", "c1");
        runner.OpenGate();
        await Poll.UntilAsync(async () => (await runner.ViewAsync("box")).Evidence.StderrTail == "x");

        await runner.RestartAsync();
        await runner.WhenAsync("box", SandboxPhase.Ready);

        Assert.Equal(CallStatus.Unknown, (await runner.AnswerAsync("box", "c1")).Status);
    }

    [Fact]
    public async Task Container_GoneWhileDown_IsLostAndItsCallsUnknown()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd"));
        await runner.PutAsync("box", "c1");
        await Poll.UntilAsync(() => runner.Seen.Length == 3);
        await runner.ShutdownAsync();
        await runner.Driver.StopAsync("box", default);
        await runner.BootAsync();

        var view = await runner.ViewAsync("box");
        var call = await runner.AnswerAsync("box", "c1");

        Assert.Equal((SandboxPhase.Failed, SandboxReasons.SandboxLost), (view.Phase, view.ReasonCode));
        Assert.Equal((CallStatus.Unknown, SandboxReasons.SandboxLost), (call.Status, call.Error!.Code));
        using var again = await runner.LaunchAsync(runner.Request("box", Scripts.AfterHello("rd")));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Null(runner.Driver.Find("box"));
    }

    [Fact]
    public async Task Process_ExitedWhileDown_KeepsItsAnswersAndItsExitCode()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("hello; rd; keep=$id; rd; gate; id=$keep; ok fine; echo noise; exit 4"));
        await runner.PutAsync("box", "c1");
        await Poll.UntilAsync(() => runner.Seen.Length == 3);
        await runner.PutAsync("box", "c2");
        await Poll.UntilAsync(() => runner.Seen.Length == 4);
        await runner.ShutdownAsync();
        runner.OpenGate();
        await Poll.UntilAsync(() => runner.Driver.Find("box")!.Status().State == SandboxState.Exited);
        await runner.BootAsync();

        var view = await runner.WhenAsync("box", SandboxPhase.Exited);

        Assert.Equal(4, view.ExitCode);
        Assert.Equal(1, view.Evidence.ProtocolNoise["not_json"]);
        Assert.Equal(CallStatus.Result, (await runner.AnswerAsync("box", "c1")).Status);
        Assert.Equal(SandboxReasons.ServerExited, (await runner.AnswerAsync("box", "c2")).Error!.Code);
    }

    [Fact]
    public async Task Crash_BetweenCreateAndAttach_IsStartedByTheNextRunner()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        var spec = runner.Driver.Find("box")!.Spec;
        await runner.ShutdownAsync();

        // What such a crash leaves: the launch on disk, no handshake, a container that never ran.
        File.Delete(runner.PathOf("state/sandboxes/box/initialize.json"));
        File.Delete(runner.PathOf("state/sandboxes/box/initialized.json"));
        await runner.Driver.StopAsync("box", default);
        await runner.Driver.CreateAsync(spec, default);
        await runner.BootAsync();

        await runner.WhenAsync("box", SandboxPhase.Ready);
        Assert.Equal(1, runner.Driver.Find("box")!.Starts);
    }

    [Fact]
    public async Task Crash_BeforeInitializedWasSent_SendsItOnce()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("rd; gate; greet; while rd; do ok fine; done"));
        await Poll.UntilAsync(() => runner.Seen.Length == 1);
        await runner.ShutdownAsync();
        runner.OpenGate();
        await runner.BootAsync();

        await runner.WhenAsync("box", SandboxPhase.Ready);
        await runner.PutAsync("box", "c1");
        await runner.AnswerAsync("box", "c1");
        Assert.Equal(["initialize", "notifications/initialized", "c1"], Names(runner.Seen));
    }

    [Fact]
    public async Task EndByTheRunner_KeepsItsReasonAcrossARestart()
    {
        await using var runner = await RunnerHarness.StartAsync("MaxNoiseLines=1");
        await runner.LaunchAsync("box", Scripts.AfterHello("echo a; echo b"));
        await runner.WhenAsync("box", SandboxPhase.Failed);
        await runner.RestartAsync();
        Assert.Equal(SandboxReasons.OutputLimit, (await runner.ViewAsync("box")).ReasonCode);
    }

    [Fact]
    public async Task Engine_ThatIsDownAtStart_DelaysReadinessUntilItAnswers()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.ShutdownAsync();
        runner.Driver.Failures["list"] = SandboxFault.EngineUnavailable;
        await runner.BootAsync(waitReady: false);
        await Poll.UntilAsync(() => runner.Driver.Failures.IsEmpty && runner.Time.IsArmed(TimeSpan.FromSeconds(15)));

        using var early = await runner.Http.GetAsync("/runs/box");
        await RunnerHarness.ProblemAsync(early, HttpStatusCode.ServiceUnavailable, ProblemCodes.NotReady);
        runner.Time.Advance(TimeSpan.FromSeconds(15));

        await Poll.UntilAsync(async () => (await runner.Http.GetAsync("/readyz")).IsSuccessStatusCode);
        await runner.WhenAsync("box", SandboxPhase.Ready);
    }

    [Fact]
    public async Task Sandbox_ThatCannotBeAttachedYet_KeepsNoOtherWaiting()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("stuck", Scripts.Echo);
        await runner.LaunchAsync("well", Scripts.Echo);
        await runner.WhenAsync("stuck", SandboxPhase.Ready);
        await runner.ShutdownAsync();
        runner.Driver.Held["stuck"] = new TaskCompletionSource().Task;
        await runner.BootAsync();

        await runner.WhenAsync("well", SandboxPhase.Ready);
        Assert.Equal(SandboxPhase.Starting, (await runner.ViewAsync("stuck")).Phase);
        using var deleted = await runner.Http.DeleteAsync("/runs/stuck");

        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Null(runner.Driver.Find("stuck"));
    }

    [Fact]
    public async Task Engine_ThatIsDownAtTheAttach_IsAskedAgain()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        await runner.ShutdownAsync();
        runner.Driver.Failures["attach"] = SandboxFault.EngineUnavailable;
        await runner.BootAsync();
        await Poll.UntilAsync(() => runner.Driver.Failures.IsEmpty && runner.Time.IsArmed(TimeSpan.FromSeconds(5)));
        runner.Time.Advance(TimeSpan.FromSeconds(5));

        await runner.WhenAsync("box", SandboxPhase.Ready);
    }

    [Fact]
    public async Task Sandbox_ThatCannotBeStarted_FailsAlone()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        await runner.ShutdownAsync();
        runner.Driver.Failures["attach"] = SandboxFault.StartFailed;
        await runner.BootAsync();

        Assert.Equal(SandboxReasons.StartFailed, (await runner.WhenAsync("box", SandboxPhase.Failed)).ReasonCode);
        await Poll.UntilAsync(() => runner.Driver.Find("box") is null);
    }

    [Fact]
    public async Task Exit_WhileTheEngineIsAway_KeepsItsExitCode()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("hello; gate; exit 4"));
        await runner.WhenAsync("box", SandboxPhase.Ready);
        runner.Driver.Failures["inspect"] = SandboxFault.EngineUnavailable;
        runner.OpenGate();
        await Poll.UntilAsync(() => runner.Driver.Failures.IsEmpty && runner.Time.IsArmed(TimeSpan.FromSeconds(1)));
        runner.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(4, (await runner.WhenAsync("box", SandboxPhase.Exited)).ExitCode);
    }

    [Fact]
    public async Task Secret_ChangedWhileDown_StopsTheSandboxInsteadOfLeakingTheOldValue()
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.AddSecret("key", "old-secret-value");
        var request = runner.Request("box", Scripts.AfterHello("rd; gate; ok \"$KEY\"")) with { Secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["KEY"] = "key" } };
        using var launched = await runner.LaunchAsync(request);
        await runner.PutAsync("box", "c1");
        await Poll.UntilAsync(() => runner.Seen.Length == 3);
        await runner.ShutdownAsync();
        runner.AddSecret("key", "new-secret-value");
        runner.OpenGate();
        await runner.BootAsync();

        Assert.Equal(CallStatus.Unknown, (await runner.AnswerAsync("box", "c1")).Status);
        Assert.Equal(SandboxReasons.SandboxLost, (await runner.ViewAsync("box")).ReasonCode);
        Assert.Null(runner.Driver.Find("box"));
    }

    [Fact]
    public async Task Journal_HoldsNoParamsNoSecretsAndIsTheOwnersOnly()
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.AddSecret("key", "a-secret-value");
        var request = runner.Request("box", Scripts.Echo) with { Secrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["KEY"] = "key" } };
        using var launched = await runner.LaunchAsync(request);
        await runner.PutAsync("box", "c1", json: """{"word":"confidential"}""");
        await runner.AnswerAsync("box", "c1");

        var files = Directory.GetFiles(runner.PathOf("state"), "*", SearchOption.AllDirectories);
        Assert.Contains(files, f => f.EndsWith("calls/c1.json", StringComparison.Ordinal));
        foreach (var file in files.Where(f => !f.EndsWith("/lock", StringComparison.Ordinal)))
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.DoesNotContain("a-secret-value", text, StringComparison.Ordinal);
            Assert.DoesNotContain("confidential", text, StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file));
        }
    }

    private static string[] Names(string[] lines) => [.. lines.Select(l => System.Text.Json.JsonDocument.Parse(l).RootElement)
        .Select(e => e.GetProperty("method").GetString() == "tools/call" ? e.GetProperty("id").GetString()! : e.GetProperty("method").GetString()!)];
}
