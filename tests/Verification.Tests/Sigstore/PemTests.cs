using System.Security.Cryptography;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class PemTests
{
    private static readonly string One = PemEncoding.WriteString(Pem.Certificate, [0x30, 0]) + "\n";
    private static readonly string Other = PemEncoding.WriteString("PRIVATE KEY", [0x30, 0]) + "\n";

    [Fact]
    public void TryReadAll_Blocks_GivesThemInOrder()
    {
        Assert.True(Pem.TryReadAll(One + PemEncoding.WriteString(Pem.Certificate, [0x31, 0]), 2, out var blocks, Pem.Certificate));
        Assert.Equal([[0x30, 0], [0x31, 0]], blocks);
    }

    [Fact]
    public void TryReadAll_MoreThanTheCap_IsRefused() => Assert.False(Pem.TryReadAll(One + One, 1, out _, Pem.Certificate));

    [Fact]
    public void TryReadAll_MoreBeginningsThanBlocks_IsRefusedUnsearched() => Assert.False(Pem.TryReadAll("-----BEGIN CERTIFICATE-----\n" + One, 1, out _, Pem.Certificate));

    [Fact]
    public void TryReadAll_AnotherLabel_IsRefused() => Assert.False(Pem.TryReadAll(One + Other, 9, out _, Pem.Certificate));

    [Fact]
    public void TryReadSingle_NoneOrTwoOrAnotherLabel_IsRefused()
    {
        Assert.True(Pem.TryReadSingle(One, out _));
        Assert.False(Pem.TryReadSingle("", out _));
        Assert.False(Pem.TryReadSingle(One + One, out _));
        Assert.False(Pem.TryReadSingle(Other, out _));
    }
}
