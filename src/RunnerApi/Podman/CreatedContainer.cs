using System.Text.Json;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>What the engine really made of a create: the limits it took, and what the image brought along.</summary>
internal static class CreatedContainer
{
    // The engine's own, and descriptions. Any other annotation of an image's manifest could steer a runtime (sandbox to join, unit properties, hooks).
    private static readonly string[] HarmlessAnnotations =
    [
        "io.podman.annotations.", "io.container.manager", "io.kubernetes.cri-o.TTY", "org.opencontainers.image.", "io.buildah.", "com.docker.", "vnd.docker.",
    ];

    /// <summary>Null when the container is as hardened as it was asked to be, else a sentence that names what is not.</summary>
    internal static string? Fault(SandboxSpec spec, string inspected)
    {
        using var document = JsonDocument.Parse(inspected);
        var container = document.RootElement;
        if (Number(container, "memory") != spec.MemoryBytes || Number(container, "swap") != spec.MemoryBytes || Number(container, "pids") != Hardening.HostTasks(spec) || Number(container, "nanoCpus") != spec.CpuMillis * 1_000_000L)
        {
            return "the engine dropped a limit on memory, processes or CPU; it needs the cgroup controllers memory, pids and cpu: run it as root on a host that has them";
        }

        var steering = container.GetProperty("annotations").EnumerateArray()
            .Select(a => a.GetString() ?? "")
            .FirstOrDefault(a => a.Length > 0 && !Array.Exists(HarmlessAnnotations, h => a.StartsWith(h, StringComparison.Ordinal)));
        return steering is null ? null : $"its image's manifest carries the annotation '{TextOf(steering)}', which a runtime may obey; build the image without it";
    }

    private static long Number(JsonElement container, string name) => container.GetProperty(name) is { ValueKind: JsonValueKind.Number } n ? n.GetInt64() : 0;

    private static string TextOf(string untrusted) => string.Concat(untrusted.Take(80).Select(c => c is > ' ' and <= '~' ? c : '?'));
}
