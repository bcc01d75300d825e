using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Actors.Verification.Tests.Fuzz;

/// <summary>Makes damaged inputs from good ones; the same seed makes the same.</summary>
internal sealed partial class Mutator(int seed)
{
    private static readonly string[] s_numbers = ["-1", "0", "2147483648", "9007199254740992", "9223372036854775808", "1e999", "-0.5", new('9', 5000)];
    private static readonly string[] s_texts = ["", " ", "\\ud800", "\\u0000", "null", "\n", "\u202e", new('A', 70_000), "%s", "..", "sha256:", "\ufeff"];
    private readonly Random _random = new(seed);

    /// <summary>One to three changes.</summary>
    public byte[] Bytes(byte[] input, byte[] other)
    {
        var bytes = input;
        for (var i = _random.Next(3); i >= 0; i--)
        {
            bytes = Once(bytes, other);
        }

        return bytes;
    }

    /// <summary>As <see cref="Bytes"/>, or a change that keeps the text's shape: a property twice, another number, deep nesting, another string.</summary>
    public byte[] Json(byte[] input, byte[] other) => _random.Next(6) switch
    {
        0 => Bytes(input, other),
        1 => Replaced(input, NumberPattern(), _ => Pick(s_numbers)),
        2 => Replaced(input, MemberPattern(), m => $"{m.Value}1,{m.Value}"),
        3 => Replaced(input, MemberPattern(), m => m.Value + Nested()),
        4 => Replaced(input, StringPattern(), _ => $"\"{Pick(s_texts)}\""),
        _ => Inside(input),
    };

    public string Text(string input, string other) => Encoding.UTF8.GetString(_random.Next(4) switch
    {
        0 => Replaced(Encoding.UTF8.GetBytes(input), NumberPattern(), _ => Pick(s_numbers)),
        1 => Replaced(Encoding.UTF8.GetBytes(input), WordPattern(), _ => Pick(s_texts)),
        _ => Bytes(Encoding.UTF8.GetBytes(input), Encoding.UTF8.GetBytes(other)),
    });

    public T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private byte[] Once(byte[] bytes, byte[] other)
    {
        var at = _random.Next(bytes.Length + 1);
        var length = _random.Next(Math.Min(64, bytes.Length - at + 1));
        var rest = bytes.AsSpan(Math.Min(bytes.Length, at + length));
        switch (_random.Next(7))
        {
            case 0 when bytes.Length > 0:
                var flipped = bytes.ToArray();
                flipped[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
                return flipped;
            case 1:
                return bytes[..at];
            case 2:
                return [.. bytes.AsSpan(0, at), .. rest];
            case 3:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at, length), .. bytes.AsSpan(at)];
            case 4:
                return [.. bytes.AsSpan(0, at), .. other.AsSpan(_random.Next(other.Length + 1))];
            case 5:
                return [.. bytes.AsSpan(0, at), Pick<byte>([0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff]), .. bytes.AsSpan(Math.Min(bytes.Length, at + 1))];
            default:
                var noise = new byte[length];
                _random.NextBytes(noise);
                return [.. bytes.AsSpan(0, at), .. noise, .. rest];
        }
    }

    // Deeper than what is read, and deep enough to end a parser that recurses.
    private string Nested()
    {
        var depth = Pick([5, 63, 65, 20_000]);
        return _random.Next(2) == 0 ? new string('[', depth) + new string(']', depth) + "," : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth) + ",";
    }

    private byte[] Replaced(byte[] input, Regex pattern, MatchEvaluator change)
    {
        var text = Encoding.Latin1.GetString(input);
        var matches = pattern.Matches(text);
        if (matches.Count == 0)
        {
            return Bytes(input, input);
        }

        var match = matches[_random.Next(matches.Count)];
        return [.. input.AsSpan(0, match.Index), .. Encoding.UTF8.GetBytes(change(match)), .. input.AsSpan(match.Index + match.Length)];
    }

    /// <summary>Changes what a string holds: the bytes when it is base64, so that certificates, timestamps and bodies are reached, else the text.</summary>
    private byte[] Inside(byte[] input)
    {
        if (Parse(input) is not { } root)
        {
            return Bytes(input, input);
        }

        var leaves = Leaves(root).ToList();
        if (leaves.Count > 0)
        {
            var leaf = Pick(leaves);
            var text = leaf.GetValue<string>();
            leaf.ReplaceWith(Damaged(text));
        }

        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    private string Damaged(string text)
    {
        var buffer = new byte[text.Length];
        if (text.Length < 16 || !Convert.TryFromBase64String(text, buffer, out var length))
        {
            return Text(text, text);
        }

        // A log entry's body is JSON in base64.
        var inner = buffer[..length];
        return Convert.ToBase64String(inner is [(byte)'{', ..] ? Json(inner, inner) : Bytes(inner, inner));
    }

    private static JsonNode? Parse(byte[] input)
    {
        try
        {
            return JsonNode.Parse(input);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonValue> Leaves(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => Leaves(p.Value)),
        JsonArray a => a.SelectMany(Leaves),
        JsonValue v when v.GetValueKind() == JsonValueKind.String => [v],
        _ => [],
    };

    [GeneratedRegex("(?<=[^a-zA-Z0-9.+/=-])[0-9]+(?=[^a-zA-Z0-9.+/=-])", RegexOptions.None, 5000)]
    private static partial Regex NumberPattern();

    [GeneratedRegex("\"[A-Za-z_]{1,40}\":", RegexOptions.None, 5000)]
    private static partial Regex MemberPattern();

    [GeneratedRegex("\"[^\"\\\\]{0,4096}\"", RegexOptions.None, 5000)]
    private static partial Regex StringPattern();

    [GeneratedRegex("[A-Za-z0-9_.-]+", RegexOptions.None, 5000)]
    private static partial Regex WordPattern();
}
