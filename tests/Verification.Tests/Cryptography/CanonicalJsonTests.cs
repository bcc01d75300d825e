using System.Text;
using System.Text.Json;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Tests.Cryptography;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{"b":1,"a":[true,false,null,"x"]}""", """{"a":[true,false,null,"x"],"b":1}""")]
    [InlineData("""{ "1": {"f": {"f": "hi","F": 5} ,"\n": 56}, "10": { }, "": "empty", "a": { }, "111": [ {"e": "yes","E": "no" } ], "A": { } }""",
        """{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}""")] // RFC 8785's "structures"
    [InlineData("""[56,{"d":true,"10":null,"1":[ ]}]""", """[56,{"1":[],"10":null,"d":true}]""")] // "arrays"
    [InlineData("""{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}""",
        """{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}""")] // "french"
    [InlineData("""{"a":1.0e1}""", null)]
    [InlineData("""{"a":0.5}""", null)]
    [InlineData("""{"a":9007199254740992}""", null)]
    public void Serialize_Vector_GivesTheOneSpelling(string json, string? canonical)
    {
        var element = JsonElement.Parse(Encoding.UTF8.GetBytes(json));
        if (canonical is null)
        {
            Assert.Throws<FormatException>(() => CanonicalJson.Serialize(element));
            return;
        }

        Assert.Equal(canonical, Encoding.UTF8.GetString(CanonicalJson.Serialize(element)));
    }

    [Fact]
    public void Serialize_WeirdNames_AreSortedByUtf16AndEscapedLeast()
    {
        // RFC 8785, section 3.2.3.
        const string Json = """{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}""";
        var text = Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonElement.Parse(Encoding.UTF8.GetBytes(Json))));
        Assert.Equal("{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}", text);
    }

    [Fact]
    public void Serialize_ControlCharacters_TakeTheShortestEscape() =>
        Assert.Equal("\"\\b\\t\\n\\u000b\\f\\r\\u000f\\\"\\\\/\u007f\"", Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonElement.Parse("\"\\b\\t\\n\\u000b\\f\\r\\u000F\\\"\\\\\\/\\u007f\""u8))));
}
