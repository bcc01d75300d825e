using System.Text.Json;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class JsonPathTests
{
    private static readonly JsonElement Root = JsonElement.Parse("""{"a":{"b-c":[{"d":1},2]},"x y":"z","n":null,"t":true,"s":"\ud800"}""");

    [Theory]
    [InlineData("$.a['b-c'][0].d", "1")]
    [InlineData("$.a.b-c[1]", "2")]
    [InlineData("$[\"x y\"]", "\"z\"")]
    [InlineData("$.a.missing", null)]
    [InlineData("$.a.b-c[2]", null)]
    [InlineData("$.x.y", null)]
    [InlineData("$.t[0]", null)]
    public void Find_Path_IsThatValueOrNone(string text, string? expected)
    {
        Assert.True(Verification.Policy.JsonPath.TryParse(text, out var path));

        Assert.Equal(expected, path.Find(Root)?.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("$.")]
    [InlineData("$..a")]
    [InlineData("$.*")]
    [InlineData("$[*]")]
    [InlineData("$[-1]")]
    [InlineData("$[00000]")]
    [InlineData("$['']")]
    [InlineData("$['a'")]
    [InlineData("$['a']b")]
    [InlineData("$[?(@.a)]")]
    [InlineData("$.a$")]
    [InlineData("$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Verification.Policy.JsonPath.TryParse(text, out _));

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void TryParse_Length_IsCapped(int length, bool parsed) => Assert.Equal(parsed, Verification.Policy.JsonPath.TryParse("$." + new string('a', length - 2), out _));
}
