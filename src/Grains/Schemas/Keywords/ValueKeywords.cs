using System.Runtime.InteropServices;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary><c>type</c>, <c>const</c> and <c>enum</c>.</summary>
internal static class ValueKeywords
{
    private static readonly string[] TypeNames = ["null", "boolean", "integer", "number", "string", "array", "object"];

    public static void Read(KeywordReader reader)
    {
        if (reader.Any("type") is { } type && ReadTypes(reader, type) is { } types)
        {
            reader.Add(new Types(types));
        }

        if (reader.Any("const") is { } constant)
        {
            reader.Add(new Const(constant));
        }

        if (reader.Of("enum", JsonValueKind.Array, "a list of values") is { } values)
        {
            reader.Add(new OneOfValues([.. values.EnumerateArray()]));
        }
    }

    private static string[]? ReadTypes(KeywordReader reader, JsonElement type)
    {
        JsonElement[] listed = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
        string?[] names = [.. listed.Select(t => t.ValueKind == JsonValueKind.String ? t.GetString() : null)];
        if (names.Length == 0 || !names.All(n => TypeNames.Contains(n)) || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            reader.Fault("type", $"must be one of {string.Join(", ", TypeNames)}, or a list of them without repeats");
            return null;
        }

        return names!;
    }

    private static long Cost(JsonElement value) => 1 + (JsonMarshal.GetRawUtf8Value(value).Length / 16);

    private sealed class Types(string[] types) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!types.Any(t => Is(frame.Instance, t)))
            {
                frame.Fail("type", $"must be {string.Join(" or ", types.Select(Article))}, not {Describe.Kind(frame.Instance)}");
            }
        }

        private static string Article(string type) => type switch
        {
            "null" => type,
            "integer" => "a whole number",
            "array" or "object" => "an " + type,
            _ => "a " + type,
        };

        private static bool Is(JsonElement value, string type) => value.ValueKind switch
        {
            JsonValueKind.Null => type == "null",
            JsonValueKind.True or JsonValueKind.False => type == "boolean",
            JsonValueKind.String => type == "string",
            JsonValueKind.Array => type == "array",
            JsonValueKind.Object => type == "object",
            JsonValueKind.Number => type == "number" || (type == "integer" && JsonNumber.Parse(value).IsInteger),
            _ => false,
        };
    }

    private sealed class Const(JsonElement expected) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (frame.Spend(Cost(frame.Instance)) && !JsonElement.DeepEquals(expected, frame.Instance))
            {
                frame.Fail("const", $"{Describe.Value(frame.Instance)} is not the only allowed value {Describe.Literal(expected)}");
            }
        }
    }

    private sealed class OneOfValues(JsonElement[] values) : Keyword
    {
        private readonly HashSet<JsonElement> _set = new(values, JsonValueComparer.Instance);

        public override void Apply(Frame frame)
        {
            if (frame.Spend(Cost(frame.Instance)) && !_set.Contains(frame.Instance))
            {
                var listed = string.Join(", ", values.Take(8).Select(Describe.Literal)) + (values.Length > 8 ? ", …" : "");
                frame.Fail("enum", $"{Describe.Value(frame.Instance)} is not one of the allowed values {listed}");
            }
        }
    }
}
