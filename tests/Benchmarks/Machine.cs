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

    /// <summary>CPU time that a process, its children and its ended children have used.</summary>
    public static TimeSpan CpuOfTree(int process) => CpuOf(process, withEnded: true) + Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0 && Stat(id) is { } stat && stat[1] == process.ToString(System.Globalization.CultureInfo.InvariantCulture))
        .Aggregate(TimeSpan.Zero, (sum, id) => sum + CpuOf(id, withEnded: false));

    private static TimeSpan CpuOf(int process, bool withEnded)
    {
        // After the name: state, parent; user and system time are the 12th and 13th, in hundredths of a second; those of ended children follow.
        var ticks = Stat(process) is { } stat ? stat[11..(withEnded ? 15 : 13)].Sum(t => long.Parse(t, System.Globalization.CultureInfo.InvariantCulture)) : 0;
        return TimeSpan.FromMilliseconds(ticks * 10);
    }

    private static string[]? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return null;
        }
    }

    private static string? Line(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
