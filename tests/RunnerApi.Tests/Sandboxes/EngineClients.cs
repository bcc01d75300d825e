using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>Looks at this machine's processes through /proc.</summary>
internal static class EngineClients
{
    /// <summary>Every process' id with its arguments.</summary>
    internal static IEnumerable<(int Pid, string[] Arguments)> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(directory) is { Length: > 0 } line)
            {
                yield return (pid, line.Split('\0'));
            }
        }
    }

    /// <summary>Podman's processes with this among their arguments: a container's name, or a storage; conmon names them too and is none.</summary>
    internal static IReadOnlyList<int> Of(string argument) =>
        [.. All().Where(p => Path.GetFileName(p.Arguments[0]) == "podman" && p.Arguments.Contains(argument, StringComparer.Ordinal) && !p.Arguments.Contains("cleanup", StringComparer.Ordinal)).Select(p => p.Pid)];

    internal static IReadOnlyList<int> Kill(string argument)
    {
        var pids = Of(argument);
        foreach (var pid in pids)
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }

        return pids;
    }

    private static string? Read(string directory)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(directory, "cmdline")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
