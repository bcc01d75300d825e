using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

public sealed class ReaperTests
{
    [Fact]
    public async Task Sandbox_PastItsDeadline_IsStopped()
    {
        await using var runner = await RunnerHarness.StartAsync("OrphanGraceSeconds=86400");
        await runner.LaunchAsync("box", Scripts.AfterHello("rd"));
        await runner.PutAsync("box", "c1", timeout: 3600);
        await Poll.UntilAsync(() => runner.Seen.Length == 3);

        await AdvanceUntilAsync(runner, TimeSpan.FromSeconds(615), () => runner.Driver.Find("box") is null);

        Assert.Equal(SandboxReasons.DeadlineExceeded, (await runner.ViewAsync("box")).ReasonCode);
        Assert.Equal(SandboxReasons.DeadlineExceeded, (await runner.AnswerAsync("box", "c1")).Error!.Code);
    }

    [Fact]
    public async Task Sandbox_ThatNobodyNames_IsOrphanedThenRemoved()
    {
        await using var runner = await RunnerHarness.StartAsync("OrphanGraceSeconds=60");
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);

        await AdvanceUntilAsync(runner, TimeSpan.FromSeconds(90), () => runner.Driver.Find("box") is null);
        await AdvanceUntilAsync(runner, TimeSpan.FromSeconds(90), () => runner.Registry.All.Count == 0);

        Assert.False(Directory.Exists(runner.PathOf("state/sandboxes/box")));
        using var again = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));
        await RunnerHarness.ProblemAsync(again, System.Net.HttpStatusCode.Gone, ProblemCodes.SandboxEnded);
    }

    [Fact]
    public async Task Sandbox_ThatIsAskedFor_IsNoOrphan()
    {
        await using var runner = await RunnerHarness.StartAsync("OrphanGraceSeconds=60");
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        for (var i = 0; i < 8; i++)
        {
            runner.Time.Advance(TimeSpan.FromSeconds(15));
            await runner.ViewAsync("box");
            await runner.Registry.SweepAsync(default);
        }

        Assert.Equal(SandboxPhase.Ready, (await runner.ViewAsync("box")).Phase);
    }

    [Fact]
    public async Task Container_WithoutAJournal_IsRemovedWhenOlderThanAMinute()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await StrangerAsync(runner);
        await runner.Registry.SweepAsync(default);
        Assert.NotNull(runner.Driver.Find("stranger"));
        runner.Driver.Find("stranger")!.CreatedAt -= TimeSpan.FromSeconds(61);
        await runner.Registry.SweepAsync(default);
        Assert.Null(runner.Driver.Find("stranger"));
    }

    [Fact]
    public async Task DryRun_OnlyLogs()
    {
        await using var runner = await RunnerHarness.StartAsync("ReaperDryRun=true", "OrphanGraceSeconds=60");
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        await StrangerAsync(runner);
        runner.Time.Advance(TimeSpan.FromSeconds(120));
        await runner.Registry.SweepAsync(default);
        Assert.NotNull(runner.Driver.Find("box"));
        Assert.NotNull(runner.Driver.Find("stranger"));
        Assert.Contains("Reaping sandbox box: orphaned (dry run: True)", runner.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_ThatFailed_IsTriedAgain()
    {
        await using var runner = await RunnerHarness.StartAsync("MaxNoiseLines=1");
        runner.Driver.Failures["stop"] = SandboxFault.EngineUnavailable;
        await runner.LaunchAsync("box", Scripts.AfterHello("echo a; echo b"));
        await runner.WhenAsync("box", SandboxPhase.Failed);
        await Poll.UntilAsync(() => runner.Driver.Failures.IsEmpty);
        Assert.NotNull(runner.Driver.Find("box"));
        await runner.Registry.SweepAsync(default);
        Assert.Null(runner.Driver.Find("box"));
    }

    [Fact]
    public async Task Launch_WhileTheEngineLists_IsNotLost()
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.Driver.Listing = async () =>
        {
            await runner.LaunchAsync("box", Scripts.Echo);
            await runner.WhenAsync("box", SandboxPhase.Ready);
        };
        await runner.Registry.SweepAsync(default);
        Assert.Equal(SandboxPhase.Ready, (await runner.ViewAsync("box")).Phase);
    }

    private static Task StrangerAsync(RunnerHarness runner) => runner.Driver.CreateAsync(
        new SandboxSpec { Id = "stranger", Reference = "x", Runtime = "process", CpuMillis = 1, MemoryBytes = 1, Pids = 1, Lifetime = TimeSpan.FromHours(1), OutputBytes = 1 },
        default);

    private static async Task AdvanceUntilAsync(RunnerHarness runner, TimeSpan by, Func<bool> done)
    {
        runner.Time.Advance(by);
        await runner.Registry.SweepAsync(default);
        await Poll.UntilAsync(done);
    }
}
