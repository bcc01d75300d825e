using System.Globalization;

namespace Actors.RunnerApi.Podman;

/// <summary>What this process may hand on: a limit above its own hard limit cannot be set without CAP_SYS_RESOURCE.</summary>
internal static class HostLimits
{
    private const long Highest = 1_048_576;
    private const string Row = "Max processes";

    /// <summary>Hard limit of processes per user, at most 1048576.</summary>
    internal static long Processes { get; } = Parse(Read());

    internal static long Parse(IEnumerable<string> limits)
    {
        var row = limits.FirstOrDefault(l => l.StartsWith(Row, StringComparison.Ordinal));
        var hard = row?[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
        return long.TryParse(hard, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? Math.Min(value, Highest) : Highest;
    }

    private static string[] Read()
    {
        try
        {
            return File.ReadAllLines("/proc/self/limits");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
