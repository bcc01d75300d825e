using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>A JSON number without loss: sign × digits × 10^exponent, digits without zeros at either end.</summary>
internal readonly record struct JsonNumber(int Sign, string Digits, long Exponent) : IComparable<JsonNumber>
{
    /// <summary>Longest text and largest exponent that <see cref="JsonGuard"/> lets through, so that exact arithmetic stays cheap.</summary>
    public const int LongestText = 1000;

    /// <inheritdoc cref="LongestText"/>
    public const int LargestExponent = 1_000_000;

    public bool IsInteger => Sign == 0 || Exponent >= 0;

    private long Magnitude => Digits.Length + Exponent;

    public static JsonNumber Parse(JsonElement number) => Parse(number.GetRawText());

    public static JsonNumber Parse(string text)
    {
        var negative = text[0] == '-';
        var e = text.AsSpan().IndexOfAny('e', 'E');
        var mantissa = text[(negative ? 1 : 0)..(e < 0 ? text.Length : e)];
        var exponent = e < 0 ? 0 : long.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            exponent -= mantissa.Length - point - 1;
            mantissa = mantissa.Remove(point, 1);
        }

        var digits = mantissa.TrimStart('0');
        var trimmed = digits.TrimEnd('0');
        return trimmed.Length == 0 ? new JsonNumber(0, "", 0) : new JsonNumber(negative ? -1 : 1, trimmed, exponent + digits.Length - trimmed.Length);
    }

    public int CompareTo(JsonNumber other)
    {
        if (Sign != other.Sign || Sign == 0)
        {
            return Sign.CompareTo(other.Sign);
        }

        var size = Magnitude.CompareTo(other.Magnitude);
        return Sign * (size != 0 ? size : Math.Sign(string.CompareOrdinal(Digits, other.Digits)));
    }

    public bool IsMultipleOf(JsonNumber divisor)
    {
        if (Sign == 0 || Magnitude < divisor.Magnitude)
        {
            return Sign == 0;
        }

        var modulus = BigInteger.Parse(divisor.Digits, CultureInfo.InvariantCulture);
        var value = BigInteger.Parse(Digits, CultureInfo.InvariantCulture);
        var shift = Exponent - divisor.Exponent;

        // A negative shift is at most as long as the digits, because the divisor is not the larger one.
        return shift >= 0
            ? (value * BigInteger.ModPow(10, shift, modulus) % modulus).IsZero
            : (value % (modulus * BigInteger.Pow(10, (int)-shift))).IsZero;
    }

    /// <summary>As a count; more than a count can hold becomes the largest.</summary>
    public long ToCount() => Sign == 0 ? 0 : Magnitude > 18 ? long.MaxValue : long.Parse(Digits + new string('0', (int)Exponent), CultureInfo.InvariantCulture);

    /// <summary>False for a number that is too long or too large to be worth exact arithmetic.</summary>
    public static bool IsBounded(JsonElement number)
    {
        var text = number.GetRawText();
        var e = text.AsSpan().IndexOfAny('e', 'E');
        return text.Length <= LongestText
            && (e < 0 || (int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
                && exponent is >= -LargestExponent and <= LargestExponent));
    }

    public static bool operator <(JsonNumber left, JsonNumber right) => left.CompareTo(right) < 0;

    public static bool operator >(JsonNumber left, JsonNumber right) => left.CompareTo(right) > 0;

    public static bool operator <=(JsonNumber left, JsonNumber right) => left.CompareTo(right) <= 0;

    public static bool operator >=(JsonNumber left, JsonNumber right) => left.CompareTo(right) >= 0;
}
