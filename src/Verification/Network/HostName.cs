namespace Actors.Verification.Network;

/// <summary>Names of hosts in one strict form, so that no two parts read the same text differently.</summary>
internal static class HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    /// <summary>True for a lower-case DNS name: labels of <c>a-z 0-9 -</c>, without a dot at the end, and with a last label that no reader takes for a number, as in <c>127.1</c> or <c>0x7f000001</c>.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var labels = text.Split('.');
        return text.Length <= MaxLength && Array.TrueForAll(labels, IsLabel) && !IsNumber(labels[^1]);
    }

    /// <summary>True for a name, or for one whose first label is <c>*</c> and that has two more.</summary>
    public static bool IsPattern(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith("*.", StringComparison.Ordinal) ? IsName(text[2..]) && text[2..].Contains('.', StringComparison.Ordinal) : IsName(text);
    }

    /// <summary>True when the pattern is the name, or the name with its first label replaced by <c>*</c>.</summary>
    public static bool Matches(string pattern, string name)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(name);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return pattern == name || (pattern.StartsWith('*') && dot > 0 && name.AsSpan(dot).SequenceEqual(pattern.AsSpan(1)));
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-' && label.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private static bool IsNumber(string label) => label.All(char.IsAsciiDigit) || label.StartsWith("0x", StringComparison.Ordinal);
}
