using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Tracing;

namespace Actors.Grains.Tests.Tracing;

/// <summary>The fast ways of redacting and hashing give what the plain ones do.</summary>
public sealed class TraceShortcutTests
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    [Theory]
    [InlineData("""{"a":1,"b":[true,null,{"c":"text"}],"empty":{}}""")]
    [InlineData("""{"a":{"password":"x"}}""")]
    [InlineData("""{"password":null}""")]
    [InlineData("""{"list":[{"api_key":{"deep":1}}]}""")]
    [InlineData("""{"text":" {\"token\": \"x\", \"n\": 1.50}"}""")]
    [InlineData("""{"text":" [1, 2]"}""")]
    [InlineData("""{"text":"{ no JSON"}""")]
    [InlineData("""{"é":"\u00e9 \ud83d\ude00 \u2028 \u0000 \" \\ \/","n":1.50e+3}""")]
    public void Redact_AnElement_EqualsTheWayOverNodes(string json)
    {
        var redactor = new TraceRedactor(new RedactionOptions());
        var data = JsonSerializer.SerializeToElement(JsonNode.Parse(json), ActorsJson.Options);

        var expected = redactor.Redact(JsonNode.Parse(json))!.ToJsonString(ActorsJson.Options);
        Assert.Equal(expected, redactor.Redact(data).GetRawText());
        Assert.Equal(expected, redactor.Redact(data).GetRawText());
    }

    [Fact]
    public void Redact_AnElementWithAPath_HidesIt()
    {
        var redactor = new TraceRedactor(new RedactionOptions { Paths = ["a.b"] });

        Assert.Equal("""{"a":{"b":"[redacted]"}}""", redactor.Redact(JsonElement.Parse("""{"a":{"b":1}}""")).GetRawText());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public void Hash_UnsortedNamesAndEscapes_EqualsAPlainReference(int members)
    {
        var names = Enumerable.Range(0, members).Select(n => $"k{n * 7919 % members} \" \u0001 é \uffff \ud83d\ude00").ToList();
        var data = JsonElement.Parse("{" + string.Join(",", names.Select(n => $"{JsonSerializer.Serialize(n)}:[1.50,{{}},\"\\u00e9\\t/\",\"plain é\"]")) + "}");

        var sorted = names.Order(StringComparer.Ordinal).Select(n => $"\"{n.Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\u0001", "\\u0001", StringComparison.Ordinal)}\":[1.50,{{}},\"é\\t/\",\"plain é\"]");
        var text = $$"""{"at":"{{TraceChain.Timestamp(At)}}","data":{{{string.Join(",", sorted)}}},"kind":"k","prev":"p","run":"r","seq":{{7.ToString(CultureInfo.InvariantCulture)}}}""";
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), TraceChain.Hash("r", 7, At, "k", data, "p"));
    }
}
