using System.Text;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public abstract partial class SandboxDriverConformance
{
    [Fact]
    public async Task CreateAsync_NewSandbox_IsCreatedListedAndInspected()
    {
        var before = TimeProvider.System.GetUtcNow();
        var spec = Spec("cat");
        var created = await Driver.CreateAsync(spec, Token);

        Assert.Equal((spec.Id, SandboxState.Created, Runtime), (created.Id, created.State, created.Runtime));
        Assert.Null(created.ExitCode);
        Assert.NotEmpty(created.PodName);
        Assert.InRange(created.CreatedAt, before.AddSeconds(-5), before.AddSeconds(60));
        Assert.InRange(created.Deadline, before + spec.Lifetime, before.AddSeconds(60) + spec.Lifetime);
        Assert.Equal(created, await NewDriver().InspectAsync(spec.Id, Token));
        Assert.Contains(created, await NewDriver().ListAsync(Token));
    }

    [Fact]
    public async Task CreateAsync_SameIdAgain_GivesThePresentOne()
    {
        var spec = Spec("cat");
        var first = await Driver.CreateAsync(spec, Token);
        await using var connection = await Driver.AttachAsync(spec.Id, Token);

        var second = await NewDriver().CreateAsync(spec, Token);
        Assert.Equal(SandboxState.Running, second.State);
        Assert.Equal(first.CreatedAt, second.CreatedAt);
    }

    [Fact]
    public async Task CreateAsync_IdTakenByAnotherSpec_IsRefused()
    {
        var spec = Spec("cat");
        await Driver.CreateAsync(spec, Token);
        var e = await Assert.ThrowsAsync<SandboxException>(() => NewDriver().CreateAsync(spec with { Args = ["/bin/busybox", "false"] }, Token));

        Assert.Equal(SandboxFault.InvalidSpec, e.Fault);
    }

    [Fact]
    public async Task CreateAsync_Concurrently_MakesOneContainer()
    {
        var spec = Spec("cat");
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => NewDriver().CreateAsync(spec, Token)));

        Assert.Single(all.Distinct());
        Assert.Single(await Driver.ListAsync(Token), s => s.Id == spec.Id);
    }

    [Fact]
    public async Task AttachAsync_Concurrently_StartsOnceAndBothSeeTheFirstByte()
    {
        var id = await CreateAsync("echo first; cat");
        var connections = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Driver.AttachAsync(id, Token)));
        foreach (var connection in connections)
        {
            Assert.Equal("first", await Lines(connection.Stdout).NextAsync());
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task StopAsync_InEveryState_RemovesAndRepeats()
    {
        var created = await CreateAsync("cat");
        var running = await CreateAsync("cat");
        await using var connection = await Driver.AttachAsync(running, Token);
        var ended = (await RunAsync(Spec("true"))).Status.Id;

        foreach (var id in new[] { created, running, ended, "t-never-was" })
        {
            await Driver.StopAsync(id, Token);
            Assert.Null(await Driver.InspectAsync(id, Token));
            await Driver.StopAsync(id, Token);
        }

        Assert.Equal("", await ReadAllAsync(connection.Stdout));
    }

    [Fact]
    public async Task CreateAsync_AfterStop_StartsAnew()
    {
        var spec = Spec("echo hello; cat");
        await CreateAsync(spec);
        await (await Driver.AttachAsync(spec.Id, Token)).DisposeAsync();
        await Driver.StopAsync(spec.Id, Token);

        Assert.Equal(SandboxState.Created, (await Driver.CreateAsync(spec, Token)).State);
    }

    [Fact]
    public async Task CreateAsync_UnknownDigest_IsPullFailedWithoutSecrets()
    {
        var unknown = Image[..Image.IndexOf('@', StringComparison.Ordinal)] + "@sha256:" + new string('0', 64);
        var spec = Spec("cat") with { Reference = unknown, Env = Secret };

        var e = await FaultAsync(SandboxFault.PullFailed, () => Driver.CreateAsync(spec, Token));
        Assert.Contains(unknown, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret["API_TOKEN"], e.ToString(), StringComparison.Ordinal);
        Assert.Null(await Driver.InspectAsync(spec.Id, Token));
    }

    [Fact]
    public async Task AttachAsync_BadCommand_IsStartFailedWithTheRuntimesWords()
    {
        var spec = Spec("") with { Args = ["/no/such/program"], Env = Secret };
        await CreateAsync(spec);

        var e = await FaultAsync(SandboxFault.StartFailed, () => Driver.AttachAsync(spec.Id, Token));
        Assert.Contains("/no/such/program", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret["API_TOKEN"], e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AttachAsync_UnknownId_IsNotFound() => await FaultAsync(SandboxFault.NotFound, () => Driver.AttachAsync("t-never-was", Token));

    [Fact]
    public async Task CreateAsync_UnknownRuntime_IsRuntimeUnavailable() =>
        await FaultAsync(SandboxFault.RuntimeUnavailable, () => Driver.CreateAsync(Spec("cat") with { Runtime = "wishful" }, Token));

    [Theory]
    [InlineData("127.0.0.1:1/a/b:latest")]
    [InlineData("--privileged@sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task CreateAsync_ReferenceThatIsNoDigest_IsInvalidSpec(string reference) =>
        await FaultAsync(SandboxFault.InvalidSpec, () => Driver.CreateAsync(Spec("cat") with { Reference = reference }, Token));

    [Fact]
    public async Task CreateAsync_Environment_IsDeliveredByteForByteAndNothingElse()
    {
        var env = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PLAIN"] = "value",
            ["QUOTES"] = " \"double\" 'single' # $HOME `id` \\n trailing  ",
            ["LINES"] = "-----BEGIN KEY-----\nabc\n\n-----END KEY-----\n",
            ["RETURN"] = "a\r",
            ["EMPTY"] = "",
            ["UMLAUT"] = "äöü€😀",
            ["STAR"] = "*",
            ["PATH"] = "/opt/bin:/bin",
            ["HOME"] = "/tmp",
            ["LONG"] = new string('x', 32 * 1024),
        };
        Environment.SetEnvironmentVariable("ACTORS_TEST_CANARY", "leaked");

        var ended = await RunAsync(Spec("/bin/busybox base64 -w 0 /proc/self/environ") with { Env = env });

        var seen = Encoding.UTF8.GetString(Convert.FromBase64String(ended.Stdout)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1], StringComparer.Ordinal);
        foreach (var (name, value) in env)
        {
            Assert.Equal(value, seen[name]);
        }

        Assert.Empty(seen.Keys.Where(n => !n.StartsWith(Engine.Variables, StringComparison.Ordinal)).Except(env.Keys).Except(["FROM_IMAGE", "HOSTNAME", "TERM", "container", "PWD", "SHLVL", "OLDPWD"]));
    }

    private static Dictionary<string, string> Secret { get; } = new(StringComparer.Ordinal) { ["API_TOKEN"] = "s3cr3t-Ab9-never-shown" };

    private static async Task<SandboxException> FaultAsync(SandboxFault fault, Func<Task> action)
    {
        var e = await Assert.ThrowsAsync<SandboxException>(action);
        Assert.True(fault == e.Fault, $"{e.Fault}: {e.Message}");
        return e;
    }
}
