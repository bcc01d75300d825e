using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Short words for messages. Strings of an instance are never quoted.</summary>
internal static class Describe
{
    private const int Longest = 60;

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Number => "a number",
        JsonValueKind.String => "a string",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "nothing",
    };

    /// <summary>A number as written, anything else by kind and size.</summary>
    public static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => Shorten(value.GetRawText()),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.String => $"a string of {Count(Length(value.GetString()!), "character")}",
        JsonValueKind.Array => $"an array of {Count(value.GetArrayLength(), "item")}",
        JsonValueKind.Object => $"an object of {Count(value.GetPropertyCount(), "property", "properties")}",
        _ => Kind(value),
    };

    /// <summary>A value of the schema, whose author may see it again.</summary>
    public static string Literal(JsonElement value) => Shorten(value.GetRawText());

    /// <summary>A property name in quotes.</summary>
    public static string Name(string name) => $"\"{Shorten(name)}\"";

    /// <summary>At most eight names in quotes.</summary>
    public static string Names(IEnumerable<string> names)
    {
        var all = names.Take(9).ToArray();
        return string.Join(", ", all.Take(8).Select(Name)) + (all.Length > 8 ? ", …" : "");
    }

    /// <summary>Cuts at 60 characters with a mark, and replaces control characters.</summary>
    public static string Shorten(string text)
    {
        var cut = text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 2]) ? Longest - 2 : Longest - 1)] + "…";
        return cut.Any(IsUnsafe) ? string.Concat(cut.Select(c => IsUnsafe(c) ? '\uFFFD' : c)) : cut;
    }

    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");

    /// <summary>Length in code points.</summary>
    public static int Length(string text)
    {
        var length = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            length++;
        }

        return length;
    }

    private static bool IsUnsafe(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator;
}
