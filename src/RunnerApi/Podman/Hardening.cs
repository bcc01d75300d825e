using System.Text.Json;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>What every sandbox gets, whatever its spec says, and the proof that the engine took it. The engine's default seccomp profile stays in force.</summary>
internal static class Hardening
{
    internal const string User = "65532:65532";
    internal const string HostName = "sandbox";
    internal const int ShmBytes = 1024 * 1024;
    internal const string TmpPath = "/tmp";

    /// <summary>Period of the CPU quota in microseconds.</summary>
    internal const int CpuPeriod = 100_000;

    // Measured: gVisor needs about 45 host tasks to start and 8.5 for each process inside.
    private const int GvisorBaseTasks = 64;
    private const int GvisorTasksPerProcess = 10;

    private const int MostOpenFiles = 1024;

    // The engine's own, and descriptions. Any other annotation of an image's manifest could steer a runtime (sandbox to join, unit properties, hooks).
    private static readonly string[] s_harmlessAnnotations =
    [
        "io.podman.annotations.", "io.container.manager", "io.kubernetes.cri-o.TTY", "org.opencontainers.image.", "io.buildah.", "com.docker.", "vnd.docker.",
    ];

    /// <summary>Mount options of the only directory that can be written.</summary>
    internal static IReadOnlyList<string> TmpOptions { get; } = ["rw", "nosuid", "nodev", "noexec", "size=16m"];

    /// <summary>Resource limits by name, soft and hard alike.</summary>
    internal static IReadOnlyList<(string Name, long Most)> Ulimits(SandboxSpec spec) => [("nofile", MostOpenFiles), ("core", 0), ("nproc", Processes(spec))];

    // Under gVisor the cgroup counts the sentry's threads: it is the outer wall, and the rlimit inside is the limit proper.
    internal static long HostTasks(SandboxSpec spec) =>
        spec.Runtime == Runtimes.Runsc ? GvisorBaseTasks + ((long)GvisorTasksPerProcess * spec.Pids) : spec.Pids;

    /// <summary>Null when the inspected container is as hardened as it was asked to be, else a sentence that names what is not.</summary>
    internal static string? Fault(SandboxSpec spec, JsonElement container)
    {
        try
        {
            var host = container.GetProperty("HostConfig");
            return LimitFault(spec, host) ?? OpennessFault(host) ?? AnnotationFault(container.GetProperty("Config"));
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Unreadable is as bad as missing.
            return "its limits could not be read back";
        }
    }

    private static string? LimitFault(SandboxSpec spec, JsonElement host)
    {
        var holds = Number(host, "Memory") == spec.MemoryBytes
            && Number(host, "MemorySwap") == spec.MemoryBytes
            && Number(host, "PidsLimit") == HostTasks(spec)
            && Number(host, "NanoCpus") == spec.CpuMillis * 1_000_000L;
        return holds
            ? null
            : "the engine dropped a limit on memory, processes or CPU; it needs the cgroup controllers memory, pids and cpu: run it as root on a host that has them";
    }

    private static string? OpennessFault(JsonElement host) => host.GetProperty("ReadonlyRootfs").GetBoolean() && host.GetProperty("NetworkMode").GetString() == "none"
        ? null
        : "the engine gave it a network or left its root writable, against what was asked; use a current version of the engine";

    private static string? AnnotationFault(JsonElement config)
    {
        if (!config.TryGetProperty("Annotations", out var annotations) || annotations.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var steering = annotations.EnumerateObject().Select(a => a.Name).FirstOrDefault(name => !Array.Exists(s_harmlessAnnotations, h => name.StartsWith(h, StringComparison.Ordinal)));
        return steering is null ? null : $"its image's manifest carries the annotation '{TextOf(steering)}', which a runtime may obey; build the image without it";
    }

    // Under runc the kernel counts a uid's processes across all sandboxes, so a low rlimit would let one starve the others.
    private static long Processes(SandboxSpec spec) => spec.Runtime == Runtimes.Runsc ? Math.Min(spec.Pids, HostLimits.Processes) : HostLimits.Processes;

    private static long Number(JsonElement host, string name) => host.GetProperty(name) is { ValueKind: JsonValueKind.Number } n ? n.GetInt64() : 0;

    private static string TextOf(string untrusted) => string.Concat(untrusted.Take(80).Select(c => c is > ' ' and <= '~' ? c : '?'));
}
