using System.Text;
using Spectre.Console;

namespace Actors.Cli;

/// <summary>Makes untrusted text safe to print: control characters, which could move the cursor or hide lines, are shown as escapes.</summary>
internal static class Terminal
{
    /// <summary>Colors on a terminal alone, unless NO_COLOR forbids or CLICOLOR_FORCE demands them; lines are never wrapped.</summary>
    public static void Configure()
    {
        var forced = Environment.GetEnvironmentVariable("CLICOLOR_FORCE") is { Length: > 0 } and not "0";
        var forbidden = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        if (!forced && (forbidden || Console.IsOutputRedirected))
        {
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        }

        AnsiConsole.Profile.Width = int.MaxValue / 2;
    }

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
