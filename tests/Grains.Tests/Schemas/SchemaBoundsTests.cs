using System.Text.Json;
using Actors.Grains.Schemas;

namespace Actors.Grains.Tests.Schemas;

/// <summary>Hostile schemas and instances end in a typed answer, soon.</summary>
public sealed class SchemaBoundsTests
{
    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"allOf":[{"$ref":"#"},{"$ref":"#"}]}""")]
    [InlineData("""{"not":{"$ref":"#"}}""")]
    [InlineData("""{"$dynamicAnchor":"a","$dynamicRef":"#a"}""")]
    [InlineData("""{"if":{"$ref":"#"},"else":true}""")]
    public void Validate_EndlessReference_IsAViolation(string schema) => AssertBounded(schema, Parse("1"));

    [Fact]
    public void Validate_ExponentialReferences_AreAViolation() => AssertBounded(Doubling("anyOf", """ "$ref":"#/$defs/d0" """, "false"), Parse("1"));

    [Fact]
    public void Validate_NegatedExhaustion_DoesNotPass() => AssertBounded(Doubling("allOf", """ "not":{"$ref":"#/$defs/d0"} """, "true"), Parse("1"));

    [Fact]
    public void Validate_DeepInstance_IsAViolation() => AssertBounded("true", Parse(new string('[', 100) + new string(']', 100)));

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("1e99999999999999999999")]
    public void Validate_AmbiguousJson_IsAViolation(string instance) => AssertBounded("true", Parse(instance));

    [Fact]
    public void Validate_HugeNumber_IsAViolation() => AssertBounded("""{"multipleOf":3}""", Parse(new string('9', 100_000)));

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(?=(a+)+$)b")]
    [InlineData("^(a+)+\\\\1$")]
    public void Validate_CatastrophicPattern_EndsSoon(string pattern)
    {
        var schema = Compile($"{{\"items\":{{\"pattern\":\"{pattern}\"}}}}");
        var instance = JsonSerializer.SerializeToElement(Enumerable.Repeat(new string('a', 40) + "!", 50));
        var started = TimeProvider.System.GetTimestamp();

        Assert.NotEmpty(schema.Validate(instance));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Theory]
    [InlineData("(a{1000}){1000}")]
    [InlineData("((a{0,100}){0,100}){0,100}")]
    [InlineData("(?:a?){1000}b")]
    public void Compile_ExplodingPattern_EndsSoon(string pattern)
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            Compile($"{{\"pattern\":\"{pattern}\"}}").Validate(JsonSerializer.SerializeToElement(new string('a', 5000)));
        }
        catch (SchemaException e)
        {
            Assert.NotEmpty(e.Faults);
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public void Compile_DeepSchema_IsAFault()
    {
        var schema = string.Concat(Enumerable.Repeat("{\"not\":", 100)) + "true" + new string('}', 100);

        Assert.Contains("nested deeper", Assert.Single(Assert.Throws<SchemaException>(() => Compile(schema)).Faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_LongPattern_IsAFault() =>
        Assert.Contains("longer than 1024", Assert.Throws<SchemaException>(() => Compile($"{{\"pattern\":\"{new string('a', 2000)}\"}}")).Message, StringComparison.Ordinal);

    [Fact]
    public void Compile_ManyPatterns_IsAFault()
    {
        var schema = "{\"allOf\":[" + string.Join(',', Enumerable.Repeat("{\"pattern\":\"a\"}", SchemaLimits.Patterns + 1)) + "]}";

        Assert.Contains("may hold 1000 patterns", Assert.Throws<SchemaException>(() => Compile(schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_ManySubschemas_IsAFault()
    {
        var schema = "{\"allOf\":[" + string.Join(',', Enumerable.Repeat("true", SchemaLimits.Nodes + 1)) + "]}";

        Assert.Contains("more than 20000 subschemas", Assert.Throws<SchemaException>(() => Compile(schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_LargeHonestInstance_Fits()
    {
        var schema = Compile("""{"type":"array","uniqueItems":true,"items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"name":{"type":"string","pattern":"^\\w+$"}},"unevaluatedProperties":false}}""");
        var instance = JsonSerializer.SerializeToElement(Enumerable.Range(0, 5000).Select(i => new Dictionary<string, object> { ["id"] = i, ["name"] = $"name{i}" }));

        Assert.Empty(schema.Validate(instance));
    }

    /// <summary>Forty levels, each of which refers to the next one twice.</summary>
    private static string Doubling(string keyword, string start, string last)
    {
        var levels = Enumerable.Range(0, 40).Select(i => $$"""
            "d{{i}}":{"{{keyword}}":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}]}
            """);
        return "{" + start + ",\"$defs\":{" + string.Join(',', levels) + ",\"d40\":" + last + "}}";
    }

    private static void AssertBounded(string schema, JsonElement instance) => Assert.Contains(Compile(schema).Validate(instance), v => v.Keyword == "$bounds");

    private static JsonSchema Compile(string schema) => JsonSchema.Compile(Parse(schema));

    private static JsonElement Parse(string json) => JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
}
