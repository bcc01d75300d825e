using System.Security.Cryptography;
using System.Text;
using Actors.Verification.Cryptography;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Cryptography;

public sealed class TrustedPublicKeyTests
{
    private static readonly byte[] Data = "data"u8.ToArray();

    [Fact]
    public void TryParse_TwoKeysOrAnotherBlock_IsRefused()
    {
        var pem = TestKey.P256().Pem;
        Assert.True(TrustedPublicKey.TryParse("k", pem, out _, out _));
        foreach (var bad in (string[])["", pem + TestKey.P256().Pem, pem.Replace("PUBLIC KEY", "CERTIFICATE", StringComparison.Ordinal), pem.Replace("PUBLIC", "PRIVATE", StringComparison.Ordinal)])
        {
            Assert.False(TrustedPublicKey.TryParse("k", bad, out var key, out var fault));
            Assert.Null(key);
            Assert.NotEmpty(fault);
        }
    }

    [Fact]
    public void TryParseSpki_TrailingByte_IsRefused() => Assert.False(TrustedPublicKey.TryParseSpki("k", (byte[])[.. TestKey.P256().Spki, 0], out _, out _));

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x30, 0 })]
    public void TryParse_NoKey_IsRefused(byte[] bytes)
    {
        Assert.False(TrustedPublicKey.TryParseSpki("k", bytes, out _, out _));
        Assert.False(TrustedPublicKey.TryParsePkcs1("k", bytes, out _, out _));
    }

    [Fact]
    public void TryParsePkcs1_TrailingByteOrSmallKey_IsRefused()
    {
        using var rsa = RSA.Create(2048);
        using var small = RSA.Create(1024);
        var der = rsa.ExportRSAPublicKey();
        Assert.True(TrustedPublicKey.TryParsePkcs1("k", der, out _, out _));
        Assert.False(TrustedPublicKey.TryParsePkcs1("k", (byte[])[.. der, 0], out _, out _));
        Assert.False(TrustedPublicKey.TryParsePkcs1("k", small.ExportRSAPublicKey(), out _, out _));
    }

    [Fact]
    public void TryParseSpki_CurveThatIsNotNamed_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName("secP256k1"));
        Assert.False(TrustedPublicKey.TryParseSpki("k", key.ExportSubjectPublicKeyInfo(), out _, out var fault));
        Assert.Contains("curves", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void VerifyDigest_HashThatIsNotTheKeys_IsRefused()
    {
        var key = TestKey.P256();
        Assert.True(TrustedPublicKey.TryParseSpki("k", key.Spki, out var trusted, out _));
        Assert.True(trusted.VerifyDigest(SHA256.HashData(Data), HashAlgorithmName.SHA256, key.Sign(Data)));
        Assert.False(trusted.VerifyDigest(SHA384.HashData(Data), HashAlgorithmName.SHA384, key.Sign(Data, HashAlgorithmName.SHA384)));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(63, false)]
    public void VerifyPrehashed_DigestOfAnotherLength_IsRefused(int length, bool sound)
    {
        var key = new Ed25519TestKey(RandomNumberGenerator.GetBytes(32));
        var signature = key.Sign(new byte[length], [.. Encoding.ASCII.GetBytes("SigEd25519 no Ed25519 collisions"), 1, 0]);
        Assert.Equal(sound, Ed25519.VerifyPrehashed(key.PublicKey, new byte[length], signature));
    }
}
