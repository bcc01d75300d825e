using System.Text;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class JsonCursorTests
{
    [Fact]
    public void Parse_SoundButTooLong_IsRefused()
    {
        Assert.NotNull(Parse("{}        ", maxBytes: 10));
        Refused(() => Parse("{}         ", maxBytes: 10));
    }

    [Theory]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":5}")]
    [InlineData("{\"a\":null}")]
    [InlineData("{}")]
    [InlineData("[]")]
    public void Text_NoText_IsRefused(string json) => Refused(() => Parse(json).Required("a").Text());

    [Fact]
    public void Parse_OnlyNameOfAnObjectIsNoText_IsRefused() => Refused(() => Parse("{\"a\":{\"\\ud800\":\"b\"}}"));

    [Fact]
    public void Parse_NameThatIsNotUtf8_IsRefused() =>
        Refused(() => JsonCursor.Parse((byte[])[.. "{\"a\":{\""u8, 0xff, .. "\":1}}"u8], "test", 1000, VerificationStage.Payload, "test_malformed"));

    [Theory]
    [InlineData("{\"a\":\"yesterday\"}")]
    [InlineData("{\"a\":5}")]
    public void Time_NoTime_IsRefused(string json) => Refused(() => Parse(json).Required("a").Time());

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("\"9007199254740992\"")]
    [InlineData("-1")]
    [InlineData("\"-1\"")]
    [InlineData("\"+1\"")]
    [InlineData("1.5")]
    [InlineData("1e400")]
    [InlineData("\"one\"")]
    public void WholeNumber_OutsideOrNone_IsRefused(string value) => Refused(() => Parse($$"""{"a":{{value}}}""").Required("a").WholeNumber());

    [Fact]
    public void Items_MoreThanTheCapOrNoArray_IsRefused()
    {
        Assert.Equal(2, Parse("[1,2]").Items(2).Count);
        Refused(() => Parse("[1,2]").Items(1));
        Refused(() => Parse("{}").Items(1));
    }

    private static JsonCursor Parse(string json, int maxBytes = 1000) => JsonCursor.Parse(Encoding.UTF8.GetBytes(json), "test", maxBytes, VerificationStage.Payload, "test_malformed");

    private static void Refused(Func<object> read) => Assert.Equal("test_malformed", Assert.Throws<VerificationException>(read).Code);
}
