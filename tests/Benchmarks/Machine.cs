using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Actors.Benchmarks;

/// <summary>On what it was measured.</summary>
internal static class Machine
{
    public static JsonObject Facts() => new()
    {
        ["cores"] = Environment.ProcessorCount,
        ["cpu"] = Line("/proc/cpuinfo", "model name"),
        ["memory_mib"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024),
        ["os"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["load_1m"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        ["measured_at"] = TimeProvider.System.GetUtcNow().ToString("O"),
    };

    /// <summary>Resident memory of this process in bytes.</summary>
    public static long ResidentBytes() => long.Parse(Line("/proc/self/status", "VmRSS")!.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) * 1024;

    private static string? Line(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
