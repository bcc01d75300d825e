using Actors.Verification.Network;
using Xunit;

namespace Actors.Verification.Tests.Network;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("api.example.com")]
    [InlineData("db")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("1.example.com")]
    public void IsName_Name_IsTrue(string text) => Assert.True(HostName.IsName(text));

    [Theory]
    [InlineData("")]
    [InlineData("API.example.com")]
    [InlineData("example.com.")]
    [InlineData(".example.com")]
    [InlineData("a..b")]
    [InlineData("-a.b")]
    [InlineData("a-.b")]
    [InlineData("a_b.c")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0177.0.0.1")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.0.0.0x1")]
    [InlineData("::1")]
    [InlineData("bücher.example")]
    [InlineData("example.com\0")]
    public void IsName_NoNameOrANumber_IsFalse(string text) => Assert.False(HostName.IsName(text));

    [Fact]
    public void IsName_LongerThanNamesCanBe_IsFalse()
    {
        var label = new string('a', 63);

        Assert.True(HostName.IsName($"{label}.{label}.{label}.{label[..61]}"));
        Assert.False(HostName.IsName($"{label}.{label}.{label}.{label[..62]}"));
    }

    [Theory]
    [InlineData("api.example.com", "api.example.com", true)]
    [InlineData("*.example.com", "api.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", "a.b.example.com", false)]
    [InlineData("*.example.com", "apiexample.com", false)]
    [InlineData("api.example.com", "xapi.example.com", false)]
    [InlineData("api.example.com", "api.example.com.evil.test", false)]
    public void Matches_PatternAndName_SaysWhetherItIsMeant(string pattern, string name, bool matches) => Assert.Equal(matches, HostName.Matches(pattern, name));

    [Theory]
    [InlineData("*.com")]
    [InlineData("*")]
    [InlineData("*.*.example.com")]
    [InlineData("a.*.example.com")]
    [InlineData("*a.example.com")]
    [InlineData("*.0.0.1")]
    public void IsPattern_StarElsewhereOrOverATopLevelName_IsFalse(string text) => Assert.False(HostName.IsPattern(text));
}
