using System.Diagnostics;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Tests.Sandboxes;
using Actors.RunnerApi.Tests.Support;
using Actors.Verification.Policy;

namespace Actors.Benchmarks.Sandbox;

/// <summary>Podman: the runner against <c>podman run</c> with the same runtime and the same limits.</summary>
internal sealed class PodmanBench(PodmanFixture podman, string runtime, RealRunner runner) : ISandboxBench
{
    private int _images;
    private int _bare;

    public string Name => "podman " + runtime;

    public RealRunner Runner => runner;

    internal static async Task<PodmanBench> StartAsync(PodmanFixture podman, string runtime)
    {
        var runner = new RealRunner(
            podman.Image,
            Enum.Parse<SandboxRuntime>(runtime, ignoreCase: true),
            "--sandbox:root=" + podman.Options.Root,
            "--sandbox:runRoot=" + podman.Options.RunRoot,
            "--sandbox:instance=bench-" + runtime);
        return new PodmanBench(podman, runtime, await runner.BootAsync());
    }

    public Task<string> NewImageAsync() => podman.BuildAsync($"bench-{runtime}-{_images++}");

    public async Task<double> BareAsync(string image, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var name = $"bare-{runtime}-{_bare++}";
        string[] flags = runtime == Runtimes.Runsc ? ["--runtime-flag", "platform=ptrace"] : [];
        var info = new ProcessStartInfo(
            "podman",
            ["--root", podman.Options.Root, "--runroot", podman.Options.RunRoot, "--runtime", Runtimes.Wrapper(runtime), .. flags, "run", "--tls-verify=false", "--name", name, "--interactive",
             "--network=none", "--user=65532:65532", "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", "--tmpfs=/tmp", "--memory=96m", "--cpus=0.3", "--pids-limit=400",
             "--ulimit=nofile=1024:1024", $"--ulimit=nproc={HostLimits.Processes}:{HostLimits.Processes}", "--env", "SEEN=/tmp/seen", image, "/bin/busybox", "sh", "-c", BenchServer.Script])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using var process = Process.Start(info)!;
        process.BeginErrorReadLine();
        process.StandardInput.BaseStream.Write(BenchServer.Lines);
        await process.StandardInput.BaseStream.FlushAsync(cancellationToken);
        await BenchServer.AnsweredAsync(process.StandardOutput.BaseStream, cancellationToken);
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        return elapsed;
    }

    public ValueTask DisposeAsync() => runner.DisposeAsync();
}
