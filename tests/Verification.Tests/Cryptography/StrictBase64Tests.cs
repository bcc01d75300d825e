using Actors.Verification.Cryptography;
using Xunit;

namespace Actors.Verification.Tests.Cryptography;

public sealed class StrictBase64Tests
{
    [Fact]
    public void TryDecode_CanonicalText_GivesTheBytes()
    {
        Assert.True(StrictBase64.TryDecode("AQI=", 4, out var bytes));
        Assert.Equal([1, 2], bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AQI")]
    [InlineData("AQJ=")]
    [InlineData("AQ I=")]
    [InlineData("AQI=\n")]
    [InlineData("AQ==AQ==")]
    [InlineData("_-==")]
    [InlineData("AQIDBAUG")]
    public void TryDecode_AnythingElse_IsRefused(string text) => Assert.False(StrictBase64.TryDecode(text, 7, out _));
}
