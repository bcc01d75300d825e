using System.Net;
using Actors.Verification.Network;
using Xunit;

namespace Actors.Verification.Tests.Network;

public sealed class SpecialNetworksTests
{
    [Theory]
    [InlineData("1.1.1.0/24")]
    [InlineData("203.0.113.0/24")]
    [InlineData("2606:4700::/32")]
    [InlineData("11.0.0.0/8")]
    public void IsPublic_PublicNetwork_IsTrue(string network) => Assert.True(SpecialNetworks.IsPublic(IPNetwork.Parse(network)));

    [Theory]
    [InlineData("10.1.0.0/16")]
    [InlineData("127.0.0.1/32")]
    [InlineData("100.64.0.0/16")]
    [InlineData("fd00:1::/32")]
    [InlineData("::1/128")]
    public void IsPublicOrOwn_OwnNetwork_IsTrueAndNotPublic(string text)
    {
        var network = IPNetwork.Parse(text);

        Assert.True(SpecialNetworks.IsPublicOrOwn(network));
        Assert.False(SpecialNetworks.IsPublic(network));
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("169.254.0.0/16")]
    [InlineData("169.254.169.254/32")]
    [InlineData("169.0.0.0/8")]
    [InlineData("168.63.0.0/16")]
    [InlineData("100.0.0.0/8")]
    [InlineData("100.100.0.0/16")]
    [InlineData("8.0.0.0/6")]
    [InlineData("224.0.0.0/8")]
    [InlineData("::/0")]
    [InlineData("fe80::/64")]
    [InlineData("fd00:ec2::/64")]
    [InlineData("2002:7f00:1::/48")]
    [InlineData("2000::/3")]
    [InlineData("64:ff9b::/96")]
    public void IsPublicOrOwn_NetworkThatTouchesSpecialOnes_IsFalse(string network) => Assert.False(SpecialNetworks.IsPublicOrOwn(IPNetwork.Parse(network)));

    [Fact]
    public void IsPublicOrOwn_MoreThanTheOwnNetworkItBeginsWith_IsFalse() => Assert.False(SpecialNetworks.IsPublicOrOwn(System.Net.IPNetwork.Parse("10.0.0.0/7")));
}
