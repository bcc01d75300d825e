using System.Runtime.InteropServices;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Sizes of strings, arrays and objects, <c>pattern</c> and <c>uniqueItems</c>.</summary>
internal static class SizeKeywords
{
    public static void Read(KeywordReader reader)
    {
        Add(JsonValueKind.String, "Length", "shorter", "longer", "character", "characters");
        Add(JsonValueKind.Array, "Items", "fewer", "more", "item", "items");
        Add(JsonValueKind.Object, "Properties", "fewer", "more", "property", "properties");
        if (reader.Text("pattern") is { } pattern && reader.Pattern("pattern", pattern) is { } compiled)
        {
            reader.Add(new Pattern(compiled));
        }

        if (reader.Flag("uniqueItems"))
        {
            reader.Add(new UniqueItems());
        }

        void Add(JsonValueKind kind, string suffix, string less, string more, string one, string many)
        {
            if (reader.Count("max" + suffix) is { } most)
            {
                reader.Add(new Size(kind, "max" + suffix, size => size <= most, $"{more} than the {Describe.Count(most, one, many)} allowed"));
            }

            if (reader.Count("min" + suffix) is { } least)
            {
                reader.Add(new Size(kind, "min" + suffix, size => size >= least, $"{less} than the {Describe.Count(least, one, many)} required"));
            }
        }
    }

    private sealed class Size(JsonValueKind kind, string name, Func<long, bool> holds, string complaint) : Keyword
    {
        public override void Apply(Frame frame)
        {
            var value = frame.Instance;
            if (value.ValueKind != kind || !frame.Spend(kind == JsonValueKind.String ? JsonMarshal.GetRawUtf8Value(value).Length / 16 : 1))
            {
                return;
            }

            var size = kind switch
            {
                JsonValueKind.String => Describe.Length(value.GetString()!),
                JsonValueKind.Array => value.GetArrayLength(),
                _ => value.GetPropertyCount(),
            };
            if (!holds(size))
            {
                frame.Fail(name, $"{Describe.Value(value)} is {complaint}");
            }
        }
    }

    private sealed class Pattern(SchemaPattern pattern) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (frame.Instance.ValueKind == JsonValueKind.String && !pattern.IsMatch(frame.Instance.GetString()!, frame) && !frame.Run.Stopped)
            {
                frame.Fail("pattern", $"{Describe.Value(frame.Instance)} does not match the pattern {Describe.Shorten(pattern.Source)}");
            }
        }
    }

    private sealed class UniqueItems : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsArray || !frame.Spend(1 + (JsonMarshal.GetRawUtf8Value(frame.Instance).Length / 8)))
            {
                return;
            }

            var first = new Dictionary<JsonElement, int>(JsonValueComparer.Instance);
            var index = 0;
            foreach (var item in frame.Instance.EnumerateArray())
            {
                if (!first.TryAdd(item, index))
                {
                    frame.Fail("uniqueItems", $"items {first[item]} and {index} are equal, where all must differ");
                    return;
                }

                index++;
            }
        }
    }
}
