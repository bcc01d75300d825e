using System.Globalization;
using System.Text;

namespace Actors.Verification.Policy;

/// <summary>Text from outside as it may stand in logs, reasons and evidence.</summary>
internal static class TextLine
{
    /// <summary>On one line, of at most that many characters, and nothing in it that changes how the rest looks.</summary>
    public static string Of(string? text, int max)
    {
        var runes = (text ?? "").EnumerateRunes();
        var line = string.Concat(runes.Take(max).Select(r => IsShown(r) ? r.ToString() : "?"));
        return runes.Skip(max).Any() ? line + "…" : line;
    }

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
