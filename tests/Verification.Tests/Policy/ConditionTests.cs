using System.Text.Json;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class ConditionTests
{
    [Theory]
    [InlineData("""{"v":"x"}""", "x", false, true)]
    [InlineData("""{"v":"y"}""", "x", false, false)]
    [InlineData("""{"v":1}""", "1", false, true)]
    [InlineData("""{"v":1.0}""", "1", false, true)]
    [InlineData("""{"v":1e0}""", "1", false, true)]
    [InlineData("""{"v":10e-1}""", "1", false, true)]
    [InlineData("""{"v":1e-30}""", "0", false, false)]
    [InlineData("""{"v":0.99999999999999999999999999999}""", "1", false, false)]
    [InlineData("""{"v":1e99999}""", "1", false, false)]
    [InlineData("""{"v":"1"}""", "1", false, false)]
    [InlineData("""{"v":"1"}""", "1", true, true)]
    [InlineData("""{"v":true}""", "true", false, true)]
    [InlineData("""{"v":"true"}""", "true", false, false)]
    [InlineData("""{"v":false}""", "true", false, false)]
    [InlineData("""{"v":null}""", "null", false, false)]
    [InlineData("""{"v":["x"]}""", "x", false, false)]
    [InlineData("""{"v":"\ud800"}""", "x", false, false)]
    [InlineData("""{}""", "x", false, false)]
    public void FaultFor_Equals_ComparesKindAndValue(string predicate, string value, bool quoted, bool holds)
    {
        var condition = new Condition(Path("$.v"), [PlainValue.Of(new PolicyScalar(1, value, Plain: !quoted))], Matches: null);

        Assert.Equal(holds, condition.FaultFor(JsonElement.Parse(predicate)) is null);
    }

    [Theory]
    [InlineData("\"refs/tags/v1\"", true)]
    [InlineData("\"refs/tags/v1\\n\"", false)]
    [InlineData("\"xrefs/tags/v1\"", false)]
    [InlineData("1", false)]
    public void FaultFor_Matches_IsAnchoredAndForTextOnly(string value, bool holds)
    {
        Assert.True(IdentityPattern.TryRegex("refs/tags/v[0-9]+", out var pattern, out _));
        var condition = new Condition(Path("$.v"), OneOf: null, pattern);

        Assert.Equal(holds, condition.FaultFor(JsonElement.Parse($$"""{"v":{{value}}}""")) is null);
    }

    [Fact]
    public void FaultFor_NoPredicate_IsAFault() =>
        Assert.NotNull(new Condition(Path("$"), [PlainValue.Of(new PolicyScalar(1, "x", Plain: true))], Matches: null).FaultFor(default));

    private static Verification.Policy.JsonPath Path(string text)
    {
        Assert.True(Verification.Policy.JsonPath.TryParse(text, out var path));
        return path;
    }
}
