using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Limits of numbers, compared exactly.</summary>
internal static class NumberKeywords
{
    public static void Read(KeywordReader reader)
    {
        Add("maximum", "is more than the maximum", (value, limit) => value <= limit);
        Add("exclusiveMaximum", "is not less than", (value, limit) => value < limit);
        Add("minimum", "is less than the minimum", (value, limit) => value >= limit);
        Add("exclusiveMinimum", "is not more than", (value, limit) => value > limit);
        if (reader.Number("multipleOf") is { Sign: <= 0 })
        {
            reader.Fault("multipleOf", "must be more than 0");
        }
        else
        {
            Add("multipleOf", "is not a multiple of", (value, limit) => value.IsMultipleOf(limit));
        }

        void Add(string name, string complaint, Func<JsonNumber, JsonNumber, bool> holds)
        {
            if (reader.Number(name) is { } limit)
            {
                reader.Add(new Limit(name, limit, $"{complaint} {Describe.Literal(reader.Any(name)!.Value)}", holds));
            }
        }
    }

    private sealed class Limit(string name, JsonNumber limit, string complaint, Func<JsonNumber, JsonNumber, bool> holds) : Keyword
    {
        public override void Apply(Frame frame)
        {
            // Exact arithmetic costs as the text is long.
            if (frame.Instance.ValueKind == JsonValueKind.Number && frame.Spend(frame.Instance.GetRawText().Length / 16)
                && !holds(JsonNumber.Parse(frame.Instance), limit))
            {
                frame.Fail(name, $"{Describe.Value(frame.Instance)} {complaint}");
            }
        }
    }
}
