using System.Text;

namespace Actors.Cli;

/// <summary>Makes untrusted text safe to print: control characters, which could move the cursor or hide lines, are shown as escapes.</summary>
internal static class Terminal
{
    public static string Safe(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator)
            {
                safe.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
            else
            {
                safe.Append(rune);
            }
        }

        return safe.ToString();
    }

    /// <summary>Safe, and no longer than <paramref name="most"/> characters; says how much is left out.</summary>
    public static string Brief(string text, int most)
    {
        var cut = text.Length <= most ? text : text[..most];
        return Safe(cut) + (text.Length <= most ? "" : $" … ({text.Length - most} characters more)");
    }
}
