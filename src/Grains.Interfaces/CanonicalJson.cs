using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Actors.Grains.Interfaces;

/// <summary>JSON with one spelling per value, so that it can be hashed anywhere: RFC 8785 for names and strings, numbers as they were written. UTF-8.</summary>
internal static class CanonicalJson
{
    // Above it a sort that is quadratic in the worst case is not cheaper any more.
    private const int FewMembers = 32;

    private static readonly SearchValues<char> s_escaped = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (char)c), '"', '\\']);

    public static void Write(IBufferWriter<byte> text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, value);
                break;
            case JsonValueKind.Array:
                WriteArray(text, value);
                break;
            case JsonValueKind.String:
                // Without a backslash there is nothing that one could write in another way.
                var raw = JsonMarshal.GetRawUtf8Value(value);
                if (raw.Contains((byte)'\\'))
                {
                    Write(text, value.GetString()!);
                }
                else
                {
                    text.Write(raw);
                }

                break;
            default:
                text.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    public static void Write(IBufferWriter<byte> text, string value)
    {
        text.Write("\""u8);
        var left = value.AsSpan();
        for (var next = left.IndexOfAny(s_escaped); next >= 0; next = left.IndexOfAny(s_escaped))
        {
            Encoding.UTF8.GetBytes(left[..next], text);
            Escape(text, left[next]);
            left = left[(next + 1)..];
        }

        Encoding.UTF8.GetBytes(left, text);
        text.Write("\""u8);
    }

    private static void Escape(IBufferWriter<byte> text, char c)
    {
        switch (c)
        {
            case '"':
                text.Write("\\\""u8);
                break;
            case '\\':
                text.Write("\\\\"u8);
                break;
            case '\b':
                text.Write("\\b"u8);
                break;
            case '\t':
                text.Write("\\t"u8);
                break;
            case '\n':
                text.Write("\\n"u8);
                break;
            case '\f':
                text.Write("\\f"u8);
                break;
            case '\r':
                text.Write("\\r"u8);
                break;
            default:
                Encoding.UTF8.GetBytes($"\\u{(int)c:x4}", text);
                break;
        }
    }

    private static void WriteArray(IBufferWriter<byte> text, JsonElement value)
    {
        text.Write("["u8);
        var separator = ReadOnlySpan<byte>.Empty;
        foreach (var item in value.EnumerateArray())
        {
            text.Write(separator);
            Write(text, item);
            separator = ","u8;
        }

        text.Write("]"u8);
    }

    private static void WriteObject(IBufferWriter<byte> text, JsonElement value)
    {
        text.Write("{"u8);
        var separator = ReadOnlySpan<byte>.Empty;
        foreach (var (name, member) in Sorted(value))
        {
            text.Write(separator);
            Write(text, name);
            text.Write(":"u8);
            Write(text, member);
            separator = ","u8;
        }

        text.Write("}"u8);
    }

    /// <summary>Members by the UTF-16 code units of their names; those of one name stay in their order.</summary>
    private static (string Name, JsonElement Value)[] Sorted(JsonElement value)
    {
        var members = new (string Name, JsonElement Value)[value.GetPropertyCount()];
        var count = 0;
        foreach (var member in value.EnumerateObject())
        {
            members[count++] = (member.Name, member.Value);
        }

        if (count > FewMembers)
        {
            return [.. members.OrderBy(m => m.Name, StringComparer.Ordinal)];
        }

        for (var i = 1; i < count; i++)
        {
            var member = members[i];
            var at = i;
            for (; at > 0 && string.CompareOrdinal(members[at - 1].Name, member.Name) > 0; at--)
            {
                members[at] = members[at - 1];
            }

            members[at] = member;
        }

        return members;
    }
}
