using System.Globalization;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("500m", "0.5")]
    [InlineData("2", "2")]
    [InlineData("0.5", "0.5")]
    [InlineData("256Mi", "268435456")]
    [InlineData("1.5Gi", "1610612736")]
    [InlineData("1G", "1000000000")]
    [InlineData("64Ki", "65536")]
    [InlineData("128k", "128000")]
    public void TryParse_KubernetesQuantity_IsExact(string text, string expected)
    {
        Assert.True(Quantity.TryParse(text, out var value));
        Assert.Equal(decimal.Parse(expected, CultureInfo.InvariantCulture), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 Gi")]
    [InlineData("1e3")]
    [InlineData("1GB")]
    [InlineData("1gi")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1,000")]
    [InlineData("99999999999999999999999999")]
    [InlineData("000000000000000000000000000000001")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("10m", 600)]
    [InlineData("1h", 3600)]
    [InlineData("1h30m", 5400)]
    public void TryParseSeconds_Duration_IsSeconds(string text, long expected)
    {
        Assert.True(Quantity.TryParseSeconds(text, out var seconds));
        Assert.Equal(expected, seconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("h")]
    [InlineData("1m1h")]
    [InlineData("1h ")]
    [InlineData("-1s")]
    [InlineData("1.5h")]
    [InlineData("1s1s")]
    [InlineData("9999999999s")]
    public void TryParseSeconds_AnythingElse_IsRefused(string text) => Assert.False(Quantity.TryParseSeconds(text, out _));
}
