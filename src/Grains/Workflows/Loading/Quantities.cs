using System.Globalization;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Durations and resource quantities; null for anything else or out of range.</summary>
internal static class Quantities
{
    /// <summary><c>30s</c>, <c>5m</c> or <c>2h</c>, from one second to <paramref name="most"/>.</summary>
    public static TimeSpan? Duration(string text, TimeSpan most)
    {
        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return seconds > 0 && Whole(text[..^1], 10_000_000) is { } count && count * seconds <= most.TotalSeconds ? TimeSpan.FromSeconds(count * seconds) : null;
    }

    /// <summary><c>500m</c>, <c>2</c> or <c>0.5</c> cores, in thousandths of a core, 10m to 1000 cores.</summary>
    public static int? CpuMillis(string text)
    {
        if (text.EndsWith('m'))
        {
            return Whole(text[..^1], SandboxLimits.MostCpuMillis) is { } given and >= SandboxLimits.LeastCpuMillis ? (int)given : null;
        }

        var plain = text.Length is >= 1 and <= 8 && char.IsAsciiDigit(text[0]);
        return plain && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores)
            && cores * 1000 is >= SandboxLimits.LeastCpuMillis and <= SandboxLimits.MostCpuMillis and var millis && millis == decimal.Truncate(millis) ? (int)millis : null;
    }

    /// <summary>Bytes, or a whole number of <c>Ki</c>, <c>Mi</c>, <c>Gi</c>, <c>Ti</c>, 6 Mi to 16 Ti.</summary>
    public static long? MemoryBytes(string text)
    {
        var shift = text.Length < 3 ? 0 : text[^2..] switch { "Ki" => 10, "Mi" => 20, "Gi" => 30, "Ti" => 40, _ => 0 };
        return Whole(shift == 0 ? text : text[..^2], SandboxLimits.MostMemoryBytes >> shift) << shift is { } bytes and >= SandboxLimits.LeastMemoryBytes ? bytes : null;
    }

    /// <summary>A whole number from 1.</summary>
    public static long? Whole(string text, long most) =>
        text.Length <= 18 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= most ? value : null;
}
