using System.Globalization;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>The flags that every sandbox gets, whatever its spec says. The engine's default seccomp profile stays in force.</summary>
internal static class Hardening
{
    // Measured: gVisor needs about 45 host tasks to start and 8.5 for each process inside.
    private const int GvisorBaseTasks = 64;
    private const int GvisorTasksPerProcess = 10;

    private const int MostOpenFiles = 1024;

    internal static IReadOnlyList<string> Arguments(SandboxSpec spec) =>
    [
        "--user=65532:65532",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--read-only",
        "--tmpfs=/tmp:rw,nosuid,nodev,noexec,size=16m",
        "--shm-size=1m",
        "--network=none",
        "--hostname=sandbox",
        "--restart=no",
        "--no-healthcheck",
        "--pull=never",
        Number("--memory", spec.MemoryBytes),
        Number("--memory-swap", spec.MemoryBytes),
        "--cpus=" + (spec.CpuMillis / 1000m).ToString(CultureInfo.InvariantCulture),
        Number("--pids-limit", HostTasks(spec)),
        $"--ulimit=nofile={MostOpenFiles}:{MostOpenFiles}",
        "--ulimit=core=0:0",
        ProcessLimit(spec),
    ];

    // Under gVisor the cgroup counts the sentry's threads: it is the outer wall, and the rlimit inside is the limit proper.
    internal static long HostTasks(SandboxSpec spec) =>
        spec.Runtime == Runtimes.Runsc ? GvisorBaseTasks + ((long)GvisorTasksPerProcess * spec.Pids) : spec.Pids;

    // Under runc the kernel counts a uid's processes across all sandboxes, so a low rlimit would let one starve the others.
    private static string ProcessLimit(SandboxSpec spec)
    {
        var most = HostLimits.Processes;
        var limit = spec.Runtime == Runtimes.Runsc ? Math.Min(spec.Pids, most) : most;
        return string.Create(CultureInfo.InvariantCulture, $"--ulimit=nproc={limit}:{limit}");
    }

    private static string Number(string flag, long value) => flag + "=" + value.ToString(CultureInfo.InvariantCulture);
}
