using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Actors.Grains.Interfaces;

/// <summary>JSON with one spelling per value, so that it can be hashed anywhere: RFC 8785 for names and strings, numbers as they were written.</summary>
internal static class CanonicalJson
{
    public static void Write(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                Join(text, value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal), p =>
                {
                    Write(text, p.Name);
                    text.Append(':');
                    Write(text, p.Value);
                });
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                Join(text, value.EnumerateArray(), item => Write(text, item));
                text.Append(']');
                break;
            case JsonValueKind.String:
                Write(text, value.GetString()!);
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    public static void Write(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    private static void Join<T>(StringBuilder text, IEnumerable<T> items, Action<T> write)
    {
        var first = true;
        foreach (var item in items)
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            write(item);
        }
    }
}
