using System.Runtime.Versioning;
using System.Text;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>What only the command-line driver has to prove: its processes, its files and its instance labels.</summary>
[Collection(PodmanCollectionDefinition.Name)]
[SupportedOSPlatform("linux")]
public sealed class PodmanEngineTests(PodmanFixture podman) : IAsyncLifetime
{
    private const string SecretValue = "s3cr3t-Zx7-only-in-the-environment";

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(90), TimeProvider.System);
    private readonly string _id = $"e-{Guid.NewGuid():N}";

    private CancellationToken Token => _limit.Token;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await podman.NewDriver().StopAsync(_id, CancellationToken.None);
        _limit.Dispose();
    }

    [Fact]
    public async Task CreateAndAttach_Secrets_AreOnNoCommandLineOfTheMachine()
    {
        using var stop = new CancellationTokenSource();
        var seen = Task.Run(() =>
        {
            var looks = 0;
            while (!stop.IsCancellationRequested)
            {
                looks++;
                if (EngineClients.All().FirstOrDefault(p => p.Arguments.Any(a => a.Contains(SecretValue, StringComparison.Ordinal))) is { Pid: > 0 } found)
                {
                    return $"process {found.Pid}";
                }
            }

            return looks > 10 ? "nowhere" : "looked too seldom";
        });

        var driver = podman.NewDriver();
        var env = new Dictionary<string, string>(StringComparer.Ordinal) { ["ONE"] = SecretValue, ["TWO"] = SecretValue + "\nline" };
        await driver.CreateAsync(Spec("cat") with { Env = env }, Token);
        await using (await driver.AttachAsync(_id, Token))
        await using (await podman.NewDriver().AttachAsync(_id, Token))
        {
            await stop.CancelAsync();
        }

        Assert.Equal("nowhere", await seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CreateAsync_NameTakenByNoContainerYet_IsTriedForAWhile(bool released)
    {
        string[] storage = ["--root", podman.Options.Root, "--runroot", podman.Options.RunRoot];
        await BusyboxImage.RunAsync("buildah", [.. storage, "from", "--name", "actors-" + _id, "scratch"]);
        var time = new FakeTimeProvider();
        var pause = TimeSpan.FromMilliseconds(200);
        var creating = podman.NewDriver(podman.Options, time).CreateAsync(Spec("cat"), Token);
        for (var attempt = 1; attempt < 25; attempt++)
        {
            await Poll.UntilAsync(() => time.IsArmed(pause) || creating.IsCompleted);
            Assert.False(creating.IsCompleted);
            if (released && attempt == 2)
            {
                break;
            }

            time.Advance(pause);
        }

        if (released)
        {
            await BusyboxImage.RunAsync("buildah", [.. storage, "rm", "actors-" + _id]);
            time.Advance(pause);
            Assert.Equal(SandboxState.Created, (await creating).State);
            return;
        }

        var e = await Assert.ThrowsAsync<SandboxException>(() => creating);
        await BusyboxImage.RunAsync("buildah", [.. storage, "rm", "actors-" + _id]);
        Assert.Equal(SandboxFault.StartFailed, e.Fault);
        Assert.Contains("already in use", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_OfConnections_LeavesNoClientProcessAndTheContainerRunning()
    {
        var driver = podman.NewDriver();
        await driver.CreateAsync(Spec("cat"), Token);
        var live = await driver.AttachAsync(_id, Token);
        var replay = await podman.NewDriver().AttachAsync(_id, Token);
        Assert.Single(EngineClients.Of("actors-" + _id));

        await live.DisposeAsync();
        await replay.DisposeAsync();
        Assert.Empty(EngineClients.Of("actors-" + _id));
        Assert.Equal(SandboxState.Running, (await driver.InspectAsync(_id, Token))!.State);
    }

    [Fact]
    public async Task Dispose_OfTheDriver_EndsItsServicesAndNoContainer()
    {
        var options = podman.Options with { Instance = "service" };
        var driver = podman.NewDriver(options);
        var others = EngineClients.Of(options.Root);
        await driver.CreateAsync(Spec("cat"), Token);
        await using var connection = await driver.AttachAsync(_id, Token);
        Assert.NotEmpty(EngineClients.Of(options.Root).Except(others));

        await driver.DisposeAsync();
        Assert.Empty(EngineClients.Of(options.Root).Except(others));
        var next = podman.NewDriver(options);
        Assert.Equal(SandboxState.Running, (await next.InspectAsync(_id, Token))!.State);
        await next.StopAsync(_id, Token);
    }

    [Fact]
    public async Task Service_ThatWasKilled_IsStartedAnew()
    {
        var driver = podman.NewDriver();
        await driver.CreateAsync(Spec("cat"), Token);
        for (var i = 0; i < 3; i++)
        {
            Assert.NotEmpty(EngineClients.Kill(podman.Options.Root));
            Assert.Equal(SandboxState.Created, (await AskedAsync(() => driver.InspectAsync(_id, Token)))!.State);
        }
    }

    [Fact]
    public async Task Service_WhoseSocketWasSweptAway_IsStartedAnew()
    {
        var driver = podman.NewDriver();
        await driver.CreateAsync(Spec("cat"), Token);
        foreach (var directory in SocketDirectories())
        {
            Directory.Delete(directory, recursive: true);
        }

        // More than the connections that are still open.
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskedAsync(() => driver.InspectAsync(_id, Token))));
        Assert.All(found, f => Assert.Equal(SandboxState.Created, f!.State));
        Assert.Contains(SocketDirectories(), Directory.Exists);
    }

    [Fact]
    public async Task Service_OfTheDriver_IsReachedByItsUserAlone()
    {
        await podman.NewDriver().ListAsync(Token);
        var directories = SocketDirectories().Where(Directory.Exists).ToList();

        Assert.NotEmpty(directories);
        Assert.All(directories, d => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(d)));
    }

    [Fact]
    public async Task AttachAsync_Cancelled_StartsWithTheNext()
    {
        var driver = podman.NewDriver();
        await driver.CreateAsync(Spec("echo hello; cat"), Token);
        using var cancel = new CancellationTokenSource();
        var attaching = driver.AttachAsync(_id, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attaching);

        await using var connection = await driver.AttachAsync(_id, Token);
        Assert.Equal("hello", await new StreamReader(connection.Stdout).ReadLineAsync(Token));
    }

    [Fact]
    public async Task Output_OfAnEndlessWriter_StaysBoundedOnDisk()
    {
        var driver = podman.NewDriver();
        var spec = Spec("yes") with { OutputBytes = 128 * 1024 };
        await driver.CreateAsync(spec, Token);
        await (await driver.AttachAsync(_id, Token)).DisposeAsync();

        SandboxException? full = null;
        while (full is null)
        {
            try
            {
                await (await driver.AttachAsync(_id, Token)).DisposeAsync();
            }
            catch (SandboxException e) when (e.Fault == SandboxFault.OutputLost)
            {
                full = e;
            }
        }

        var logs = Directory.EnumerateFiles(podman.At("root/overlay-containers"), "ctr.log*", SearchOption.AllDirectories).Select(f => new FileInfo(f).Length).ToList();
        Assert.NotEmpty(logs);
        Assert.All(logs, l => Assert.InRange(l, 0, spec.LogBytes + 8192));
    }

    [Fact]
    public async Task ListAndInspect_OfAnotherInstance_DoNotSeeOrTouchOurs()
    {
        await podman.NewDriver().CreateAsync(Spec("cat"), Token);
        var other = podman.NewDriver(podman.Options with { Instance = "someone-else" });

        Assert.DoesNotContain(await other.ListAsync(Token), s => s.Id == _id);
        Assert.Null(await other.InspectAsync(_id, Token));
        await other.StopAsync(_id, Token);
        Assert.NotNull(await podman.NewDriver().InspectAsync(_id, Token));
        var e = await Assert.ThrowsAsync<SandboxException>(() => other.CreateAsync(Spec("cat"), Token));
        Assert.Equal(SandboxFault.StartFailed, e.Fault);
        Assert.Contains("in use", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InspectAsync_EngineThatHangs_IsEngineUnavailableAndKilled()
    {
        var script = await ScriptAsync("exec sleep 86399.5");
        var driver = Faulty(script);

        var e = await Assert.ThrowsAsync<SandboxException>(() => driver.InspectAsync(_id, Token));
        Assert.Equal(SandboxFault.EngineUnavailable, e.Fault);
        Assert.DoesNotContain(EngineClients.All(), p => p.Arguments.Contains("86399.5", StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("exec yes")]
    [InlineData("echo this is no JSON")]
    [InlineData("echo '{}'")]
    [InlineData("echo no idea >&2; exit 125")]
    public async Task InspectAsync_EngineThatMisbehaves_IsEngineUnavailable(string body)
    {
        var driver = Faulty(await ScriptAsync(body));
        var e = await Assert.ThrowsAsync<SandboxException>(() => driver.InspectAsync(_id, Token));
        Assert.Equal(SandboxFault.EngineUnavailable, e.Fault);
    }

    [Fact]
    public async Task InspectAsync_EngineThatIsNotInstalled_NamesTheSetting()
    {
        var e = await Assert.ThrowsAsync<SandboxException>(() => Faulty("/no/such/podman").InspectAsync(_id, Token));
        Assert.Equal(SandboxFault.EngineUnavailable, e.Fault);
        Assert.Contains("sandbox:path", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conmon")]
    [InlineData("runc")]
    [InlineData("runsc")]
    public void Wrapper_InTheOutput_IsExecutable(string name) =>
        Assert.True(File.GetUnixFileMode(Runtimes.Wrapper(name)).HasFlag(UnixFileMode.UserExecute | UnixFileMode.OtherExecute));

    private List<string> SocketDirectories() =>
        [.. EngineClients.All().Where(p => p.Arguments.Contains(podman.Options.Root, StringComparer.Ordinal)).SelectMany(p => p.Arguments).Where(a => a.StartsWith("unix://", StringComparison.Ordinal)).Select(a => Path.GetDirectoryName(a[7..])!)];

    // A request that is under way when its service is killed has no answer; whoever can wait asks again.
    private static async Task<T> AskedAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (SandboxException e) when (e.Fault == SandboxFault.EngineUnavailable)
        {
            return await ask();
        }
    }

    private PodmanDriver Faulty(string program) => podman.NewDriver(podman.Options with { Path = program, CommandTimeoutSeconds = 2 });

    private async Task<string> ScriptAsync(string body)
    {
        var path = podman.At($"engine-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{body}\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Token);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private SandboxSpec Spec(string script) => new()
    {
        Id = _id,
        Reference = podman.Image,
        InsecureRegistry = true,
        Args = ["/bin/busybox", "sh", "-c", script],
        Runtime = "runc",
        CpuMillis = 1000,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 16,
        Lifetime = TimeSpan.FromSeconds(60),
        OutputBytes = 1024 * 1024,
    };
}
