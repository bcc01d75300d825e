using System.Globalization;

namespace Actors.Verification.Policy;

/// <summary>Parses the quantities of a policy.</summary>
internal static class Quantity
{
    private const int MaxLength = 32;

    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1024m * 1024), ("Gi", 1024m * 1024 * 1024), ("Ti", 1024m * 1024 * 1024 * 1024),
        ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m),
    ];

    /// <summary>A Kubernetes quantity (<c>500m</c>, <c>0.5</c>, <c>2</c>, <c>256Mi</c>, <c>1G</c>); false for a sign, an exponent, white space or an unknown suffix.</summary>
    public static bool TryParse(string text, out decimal value)
    {
        value = 0;
        if (text.Length > MaxLength)
        {
            return false;
        }

        var factor = 1m;
        foreach (var (suffix, f) in Suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                (text, factor) = (text[..^suffix.Length], f);
                break;
            }
        }

        if (text.Length == 0 || !char.IsAsciiDigit(text[0]) || !char.IsAsciiDigit(text[^1])
            || !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1e15m)
        {
            return false;
        }

        value = number * factor;
        return true;
    }

    /// <summary>A duration of whole hours, minutes and seconds in that order (<c>1h</c>, <c>10m</c>, <c>1h30m</c>, <c>30s</c>).</summary>
    public static bool TryParseSeconds(string text, out long seconds)
    {
        seconds = 0;
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        var rest = text.AsSpan();
        foreach (var (unit, factor) in new[] { ('h', 3600L), ('m', 60L), ('s', 1L) })
        {
            var end = rest.IndexOf(unit);
            if (end < 0)
            {
                continue;
            }

            if (!int.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return false;
            }

            seconds += count * factor;
            rest = rest[(end + 1)..];
        }

        return rest.IsEmpty;
    }
}
