using System.Globalization;

namespace Actors.RunnerApi.Podman;

/// <summary>What this process may hand on: a limit above its own hard limit cannot be set without CAP_SYS_RESOURCE.</summary>
internal static class HostLimits
{
    private const long Highest = 4_194_304;
    private const string Row = "Max processes";

    /// <summary>Hard limit of processes per user; podman lowers its own to the kernel's pid_max before it starts anything.</summary>
    internal static long Processes { get; } = Parse(Read("/proc/self/limits"), Read("/proc/sys/kernel/pid_max"));

    internal static long Parse(IEnumerable<string> limits, IEnumerable<string> pidMax)
    {
        var row = limits.FirstOrDefault(l => l.StartsWith(Row, StringComparison.Ordinal));
        var hard = row?[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
        return Math.Min(Number(hard), Number(pidMax.FirstOrDefault()));
    }

    // "unlimited" is no number.
    private static long Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? Math.Min(value, Highest) : Highest;

    private static string[] Read(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
