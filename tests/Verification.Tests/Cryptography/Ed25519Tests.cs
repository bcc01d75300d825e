using System.Security.Cryptography;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Tests.Cryptography;

public sealed class Ed25519Tests
{
    // RFC 8032, section 7.1, test 2 and section 7.3.
    private static readonly byte[] Key = Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    private static readonly byte[] Signature = Convert.FromHexString("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    private static readonly byte[] PrehashKey = Convert.FromHexString("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
    private static readonly byte[] PrehashSignature = Convert.FromHexString("98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");

    [Fact]
    public void Verify_RfcVector_Holds() => Assert.True(Ed25519.Verify(Key, [0x72], Signature));

    [Fact]
    public void VerifyPrehashed_RfcVector_Holds() => Assert.True(Ed25519.VerifyPrehashed(PrehashKey, SHA512.HashData("abc"u8), PrehashSignature));

    [Fact]
    public void Verify_PrehashedSignature_IsRefused() => Assert.False(Ed25519.Verify(PrehashKey, SHA512.HashData("abc"u8), PrehashSignature));

    [Fact]
    public void Verify_AnyFlippedBit_IsRefused()
    {
        for (var bit = 0; bit < Signature.Length * 8; bit++)
        {
            var changed = Signature.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Ed25519.Verify(Key, [0x72], changed), $"bit {bit}");
        }
    }

    [Fact]
    public void Verify_SPlusTheGroupOrder_IsRefused()
    {
        var order = System.Numerics.BigInteger.Pow(2, 252) + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        var s = new System.Numerics.BigInteger(Signature.AsSpan(32), isUnsigned: true) + order;
        byte[] malleable = [.. Signature[..32], .. s.ToByteArray(isUnsigned: true)];
        Assert.Equal(64, malleable.Length);
        Assert.False(Ed25519.Verify(Key, [0x72], malleable));
    }

    [Theory]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p, which is 0
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p + 1
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = 2^255 - 1
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")] // x = -0
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // on no point
    [InlineData("00")]
    public void IsPublicKey_NoCanonicalPoint_IsRefused(string hex)
    {
        Assert.False(Ed25519.IsPublicKey(Convert.FromHexString(hex)));
        Assert.False(Ed25519.Verify(Convert.FromHexString(hex), "x"u8, new byte[Ed25519.SignatureBytes]));
    }

    [Theory]
    [InlineData("5866666666666666666666666666666666666666666666666666666666666666")] // the base point
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")] // the identity
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = -1
    public void IsPublicKey_CanonicalPoint_IsAccepted(string hex) => Assert.True(Ed25519.IsPublicKey(Convert.FromHexString(hex)));
}
