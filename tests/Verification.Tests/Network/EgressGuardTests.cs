using System.Net;
using Actors.Verification.Network;
using Xunit;

namespace Actors.Verification.Tests.Network;

public sealed class EgressGuardTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    public void IsPublic_SpecialAddress_IsFalse(string address) => Assert.False(EgressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("192.167.1.1")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::101:101")]
    [InlineData("2606:4700::1111")]
    public void IsPublic_PublicAddress_IsTrue(string address) => Assert.True(EgressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("127.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("172.31.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fd00::1")]
    [InlineData("1.1.1.1")]
    public void IsPublicOrPrivate_OwnNetworkOrPublic_IsTrue(string address) => Assert.True(EgressGuard.IsPublicOrPrivate(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    public void IsPublicOrPrivate_MetadataOrSpecial_IsFalse(string address) => Assert.False(EgressGuard.IsPublicOrPrivate(IPAddress.Parse(address)));

    [Theory]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    public void IsPublic_Metadata_IsFalse(string address) => Assert.False(EgressGuard.IsPublic(IPAddress.Parse(address)));
}
