using System.Text.Json;
using Actors.Grains.Schemas;

namespace Actors.Grains.Tests.Schemas;

public sealed class JsonSchemaTests
{
    [Theory]
    [InlineData("""{"properties":{"repeat":{"maximum":10}}}""", """{"repeat":12}""", "/repeat: 12 is more than the maximum 10", "#/properties/repeat/maximum")]
    [InlineData("""{"type":"object"}""", "[1]", "(root): must be an object, not an array", "#/type")]
    [InlineData("""{"type":["integer","null"]}""", "1.5", "(root): must be a whole number or null, not a number", "#/type")]
    [InlineData("""{"required":["path"]}""", "{}", "(root): lacks the property \"path\", which is required", "#/required")]
    [InlineData("""{"properties":{"a":{"maxLength":3}}}""", """{"a":"sekret"}""", "/a: a string of 6 characters is longer than the 3 characters allowed", "#/properties/a/maxLength")]
    [InlineData("""{"properties":{"a":true},"additionalProperties":false}""", """{"b":1}""", "(root): has the property \"b\", which is not allowed; known are \"a\"", "#/additionalProperties")]
    [InlineData("""{"enum":["a","b"]}""", "\"sekret\"", "(root): a string of 6 characters is not one of the allowed values \"a\", \"b\"", "#/enum")]
    [InlineData("""{"items":{"pattern":"^[a-z]+$"}}""", """["a","B~/"]""", "/1: a string of 3 characters does not match the pattern ^[a-z]+$", "#/items/pattern")]
    [InlineData("""{"multipleOf":0.01}""", "0.075", "(root): 0.075 is not a multiple of 0.01", "#/multipleOf")]
    [InlineData("""{"uniqueItems":true}""", "[1,2,1.0]", "(root): items 0 and 2 are equal, where all must differ", "#/uniqueItems")]
    [InlineData("""{"properties":{"x/y~":false}}""", """{"x/y~":1}""", "/x~1y~0: no value is allowed here", "#/properties/x~1y~0")]
    [InlineData("""{"anyOf":[{"type":"string"},{"properties":{"a":{"type":"null"}}}]}""", """{"a":1}""", "(root): fits none of the 2 alternatives; the closest one says: /a: must be null, not a number", "#/anyOf")]
    public void Validate_Misfit_SaysWhereAndWhy(string schema, string instance, string expected, string location)
    {
        var violation = Assert.Single(Compile(schema).Validate(Parse(instance)));

        Assert.Equal(expected, violation.ToString());
        Assert.Equal(location, violation.SchemaLocation);
    }

    [Theory]
    [InlineData("""{"maxLength":-1}""", "#/maxLength: must be a whole number of 0 or more")]
    [InlineData("""{"type":"strng"}""", "#/type: must be one of")]
    [InlineData("""{"properties":{"a":1}}""", "#/properties/a: a schema must be an object or a boolean, not a number")]
    [InlineData("""{"pattern":"("}""", "#/pattern: the pattern \"(\" is not valid")]
    [InlineData("""{"pattern":"(?i)a"}""", "#/pattern: the pattern \"(?i)a\" is not valid: a group of this kind does not exist")]
    [InlineData("""{"$ref":"#/$defs/a"}""", "#/$ref: \"#/$defs/a\" does not resolve: nothing is at that place")]
    [InlineData("""{"$ref":"#a"}""", "#/$ref: \"#a\" does not resolve: no such anchor")]
    [InlineData("""{"$ref":"https://example.com/x"}""", "#/$ref: \"https://example.com/x\" does not resolve: no such document in memory")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-07/schema#"}""", "#/$schema: \"http://json-schema.org/draft-07/schema\" is not a known dialect")]
    [InlineData("""{"required":["a","a"]}""", "#/required: lists a name twice")]
    [InlineData("""{"multipleOf":0}""", "#/multipleOf: must be more than 0")]
    [InlineData("""{"anyOf":[]}""", "#/anyOf: must list at least one schema")]
    [InlineData("""{"a":1,"a":2}""", "#: has the property \"a\" twice")]
    [InlineData("[]", "#: a schema must be an object or a boolean, not an array")]
    public void Compile_FaultySchema_NamesPlaceAndFault(string schema, string expected)
    {
        var fault = Assert.Single(Assert.Throws<SchemaException>(() => Compile(schema)).Faults);

        Assert.StartsWith(expected, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_SeveralFaults_ListsThemAll()
    {
        var e = Assert.Throws<SchemaException>(() => Compile("""{"type":1,"minItems":"x","$ref":"#x","format":2}"""));

        Assert.Equal(["#/type", "#/minItems", "#/format", "#/$ref"], e.Faults.Select(f => f.Location));
    }

    [Fact]
    public void Validate_LongSecret_IsNeverInTheMessage()
    {
        var secret = new string('s', 500);
        var instance = JsonSerializer.SerializeToElement(new Dictionary<string, object> { ["token"] = secret });
        string[] schemas =
        [
            """{"properties":{"token":{"enum":["a"]}}}""", """{"properties":{"token":{"const":"a"}}}""", """{"properties":{"token":{"pattern":"^a"}}}""",
            """{"properties":{"token":{"maxLength":1}}}""", """{"properties":{"token":{"type":"number"}}}""", """{"properties":{"token":{"not":{}}}}""",
        ];

        foreach (var violation in schemas.Select(s => Assert.Single(Compile(s).Validate(instance))))
        {
            Assert.DoesNotContain("sss", violation.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Validate_ManyMisfits_StopsAtTheCap()
    {
        var violations = Compile("""{"items":{"type":"string"}}""").Validate(Parse("[" + string.Join(',', Enumerable.Range(0, 1000)) + "]"));

        Assert.InRange(violations.Count, 2, SchemaLimits.Violations);
    }

    [Theory]
    [InlineData("9007199254740993", "9007199254740992", false)]
    [InlineData("1.0", "1", true)]
    [InlineData("1e2", "100", true)]
    [InlineData("0.1", "0.10000000000000000000000000000000001", false)]
    [InlineData("-0", "0.0", true)]
    public void Const_Numbers_AreComparedExactly(string constant, string instance, bool valid) =>
        Assert.Equal(valid, Compile($"{{\"const\":{constant}}}").Validate(Parse(instance)).Count == 0);

    [Theory]
    [InlineData("0.01", "1e300", true)]
    [InlineData("0.01", "0.07", true)]
    [InlineData("0.3", "1", false)]
    [InlineData("1e10", "3", false)]
    [InlineData("1e-20", "1e-19", true)]
    [InlineData("7", "1e1000000", false)]
    public void MultipleOf_Decimals_AreExact(string divisor, string instance, bool valid) =>
        Assert.Equal(valid, Compile($"{{\"multipleOf\":{divisor}}}").Validate(Parse(instance)).Count == 0);

    private static JsonSchema Compile(string schema) => JsonSchema.Compile(Parse(schema));

    private static JsonElement Parse(string json) => JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
}
