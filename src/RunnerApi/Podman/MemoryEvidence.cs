namespace Actors.RunnerApi.Podman;

/// <summary>Whether the kernel killed something in a container for its memory limit, told by the kernel's own counter and not by the exit code, which the container chooses.
/// Needed on cgroup v1, where podman does not see it.</summary>
internal static class MemoryEvidence
{
    private const string Controller = "/sys/fs/cgroup/memory";

    /// <summary>Looks at the cgroup while it exists, and then at what the runtime wrapper noted when it was removed.</summary>
    internal static bool Exists(string containerId, string directory) =>
        containerId.Length > 0
        && directory.Length > 0
        && (CountedIn("libpod-" + containerId) || CountedIn($"libpod-{containerId}.scope") || File.Exists(Path.Combine(directory, "actors-oom")));

    private static bool CountedIn(string cgroup)
    {
        try
        {
            return Directory.Exists(Controller)
                && Directory.EnumerateDirectories(Controller).Any(parent => Counted(Path.Combine(parent, cgroup, "memory.oom_control")));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool Counted(string control)
    {
        try
        {
            return File.ReadLines(control).Any(l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
