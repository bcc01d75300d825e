using System.Text.RegularExpressions;

namespace Actors.Grains.Workflows.Yaml;

/// <summary>Plain scalars by the core schema of YAML 1.2.</summary>
internal static partial class YamlScalars
{
    /// <summary>Text of the JSON null, boolean or number that a plain scalar stands for; null when it is a string. Hexadecimal and octal numbers over 15 digits stay strings.</summary>
    public static string? ToJson(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "null",
        "true" or "True" or "TRUE" => "true",
        "false" or "False" or "FALSE" => "false",
        _ => plain[0] is '+' or '-' or '.' || char.IsAsciiDigit(plain[0]) ? Number(plain) : null,
    };

    /// <summary>True for infinities and not-a-number, which JSON lacks.</summary>
    public static bool IsBeyondJson(string plain) => Beyond().IsMatch(plain);

    private static string? Number(string plain)
    {
        if (Radix().Match(plain) is { Success: true } radix)
        {
            var digits = radix.Groups["digits"].Value;
            return digits.Length > 15 ? null : Convert.ToInt64(digits, plain[1] == 'x' ? 16 : 8).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Decimal().Match(plain) is not { Success: true } match)
        {
            return null;
        }

        var whole = match.Groups["whole"].Value.TrimStart('0');
        var fraction = match.Groups["fraction"].Value;
        return (plain[0] == '-' ? "-" : "") + (whole.Length == 0 ? "0" : whole) + (fraction.Length == 0 ? "" : "." + fraction) + match.Groups["exponent"].Value;
    }

    [GeneratedRegex(@"^0(x(?<digits>[0-9A-Fa-f]+)|o(?<digits>[0-7]+))\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Radix();

    [GeneratedRegex(@"^[-+]?((?<whole>[0-9]+)(\.(?<fraction>[0-9]*))?|\.(?<fraction>[0-9]+))(?<exponent>[eE][-+]?[0-9]+)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Decimal();

    [GeneratedRegex(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Beyond();
}
