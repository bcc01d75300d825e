using System.Security.Cryptography.X509Certificates;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

public sealed class CertificateFactsReaderTests
{
    [Fact]
    public void Read_ExtensionTwice_IsRefused()
    {
        var spec = Recipe.Leaf();
        spec.SetFulcio(22, "https://accounts.example");
        using var issued = SigstoreWorld.Trusted.Fulcio.Issue(spec, TestKey.P256());
        Assert.Equal(Recipe.Issuer, CertificateFactsReader.Read(issued).Issuer);

        // No issuer's tool writes one twice, so a number is changed afterwards.
        byte[] number = [0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 22];
        var der = issued.RawData;
        der[der.AsSpan().IndexOf(number) + number.Length - 1] = 8;
        using var doubled = X509CertificateLoader.LoadCertificate(der);

        Assert.Equal("certificate_extension_duplicate", Assert.Throws<VerificationException>(() => CertificateFactsReader.Read(doubled)).Code);
    }
}
