using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public abstract partial class SandboxDriverConformance
{
    private const string EatMemory = "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done";

    [Fact]
    public async Task Memory_OverTheLimit_KillsAndSaysOutOfMemory()
    {
        var ended = await RunAsync(Spec("echo started; " + EatMemory) with { MemoryBytes = 48 * 1024 * 1024 });

        Assert.Equal("started\n", ended.Stdout);
        Assert.True(ended.Status.OutOfMemory);
        Assert.NotEqual(0, ended.Status.ExitCode);
        Assert.True((await NewDriver().InspectAsync(ended.Status.Id, Token))!.OutOfMemory);
    }

    [Fact]
    public async Task Memory_ExitCodeOfAKillWithoutOne_IsNotOutOfMemory()
    {
        var ended = await RunAsync(Spec("exit 137"));

        Assert.Equal(137, ended.Status.ExitCode);
        Assert.False(ended.Status.OutOfMemory);
    }

    [Fact]
    public async Task Pids_OverTheLimit_AreRefused()
    {
        var limit = Math.Max(20, Engine.LeastProcesses);
        var ended = await RunAsync(Spec($"i=0; while [ $i -lt {5 * limit} ]; do sleep 60 & i=$((i+1)); echo $i; done") with { Pids = 20 });

        var forked = Without(ended.Stdout).Count(l => int.TryParse(l, out _));
        Assert.InRange(forked, 5, limit);
    }

    [Fact]
    public async Task Lifetime_WithoutARunner_IsEndedByTheEngine()
    {
        var id = await CreateAsync(Spec("trap '' TERM; while :; do sleep 1; done") with { Lifetime = TimeSpan.FromSeconds(2) });
        await (await Driver.AttachAsync(id, Token)).DisposeAsync();

        var ended = await EndAsync(id);
        Assert.True(ended.DeadlineExceeded);
        Assert.False(ended.OutOfMemory);
        Assert.Null(ended.ExitCode);
    }

    [Fact]
    public async Task Lifetime_Over_EndsTheConnectionsOutputs()
    {
        var ended = await RunAsync(Spec("echo up; cat") with { Lifetime = TimeSpan.FromSeconds(2) });

        Assert.Equal("up\n", ended.Stdout);
        Assert.True(ended.Status.DeadlineExceeded);
    }

    [Fact]
    public async Task Output_MoreThanTheLogKeeps_IsAnErrorAndNeverAGap()
    {
        var id = await CreateAsync(Spec("read -r go; yes") with { OutputBytes = 64 * 1024 });
        await (await Driver.AttachAsync(id, Token)).DisposeAsync();

        await using var following = await Driver.AttachAsync(id, Token);
        await SendAsync(following, "go");
        var e = await Assert.ThrowsAsync<SandboxException>(() => ReadAllAsync(following.Stdout));
        Assert.Equal(SandboxFault.OutputLost, e.Fault);
        await FaultAsync(SandboxFault.OutputLost, async () =>
        {
            await using var again = await NewDriver().AttachAsync(id, Token);
            await ReadAllAsync(again.Stdout);
        });
    }
}
