using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>The signer's certificate as it was handed in, with the hints that came along. Nothing of it is trusted yet.</summary>
internal sealed class SigningCertificate : IDisposable
{
    private const string CodeSigningPurpose = "1.3.6.1.5.5.7.3.3";

    private SigningCertificate(X509Certificate2 certificate, TrustedPublicKey key, IReadOnlyList<X509Certificate2> hints)
    {
        Certificate = certificate;
        Key = key;
        Hints = hints;
    }

    public X509Certificate2 Certificate { get; }

    public TrustedPublicKey Key { get; }

    private IReadOnlyList<X509Certificate2> Hints { get; }

    /// <summary>Throws <see cref="VerificationException"/> for what is no certificate, or holds no key that is supported.</summary>
    public static SigningCertificate Read(SigstoreBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        var certificate = Load(bundle.Certificate ?? throw Fault("certificate_missing", "The signature carries no certificate; it is by a key."));
        var hints = new List<X509Certificate2>();
        try
        {
            foreach (var der in bundle.Intermediates)
            {
                hints.Add(Load(der));
            }

            DemandNoRoot(bundle, hints);
            return TrustedPublicKey.TryParseSpki("certificate", certificate.PublicKey.ExportSubjectPublicKeyInfo(), out var key, out var fault)
                ? new SigningCertificate(certificate, key, hints)
                : throw Fault("certificate_key_unsupported", $"The certificate {fault}.");
        }
        catch (Exception e) when (e is VerificationException or CryptographicException)
        {
            hints.ForEach(h => h.Dispose());
            certificate.Dispose();
            throw e as VerificationException ?? Fault("certificate_key_unsupported", "The certificate's key cannot be read.");
        }
    }

    /// <summary>Throws unless a trusted authority issued the certificate and the whole chain was valid at that time. Gives the issuer's SubjectPublicKeyInfo.</summary>
    public byte[] DemandTrusted(TrustedRoot root, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(root);
        var worst = Fault("certificate_untrusted", "The certificate leads to no certificate authority of the trusted root.");
        foreach (var authority in root.CertificateAuthorities)
        {
            switch (authority.Build(Certificate, time, new Oid(CodeSigningPurpose), Hints, out var issuer))
            {
                case ChainFault.None when IsInUse(authority, time):
                    return issuer;
                case ChainFault.None:
                    worst = Fault("certificate_authority_outside_window", $"The verified time {time:u} is outside the validity of certificate authority '{authority.Name}' in the trusted root.");
                    break;
                case ChainFault.NotTimeValid:
                    worst = Fault("certificate_expired_at_signing", $"The certificate or its chain was not valid at the verified time {time:u}.");
                    break;
            }
        }

        throw worst;
    }

    /// <summary>Throws unless the certificate says that it is for signing, for signing code, and not an authority's.</summary>
    public void DemandPurpose()
    {
        if (!Facts<X509KeyUsageExtension>(e => e.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)).Contains(true))
        {
            throw Fault("certificate_key_usage", "The certificate's key is not for signatures.");
        }

        if (Facts<X509BasicConstraintsExtension>(e => e.CertificateAuthority).Contains(true))
        {
            throw Fault("certificate_of_authority", "The certificate is an authority's, not a signer's.");
        }

        if (!Facts<X509EnhancedKeyUsageExtension>(e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == CodeSigningPurpose)).Contains(true))
        {
            throw Fault("certificate_purpose", "The certificate is not for signing code.");
        }
    }

    public void Dispose()
    {
        Certificate.Dispose();
        foreach (var hint in Hints)
        {
            hint.Dispose();
        }
    }

    // Extensions are decoded when they are read; one that cannot be is no certificate's.
    private List<bool> Facts<TExtension>(Func<TExtension, bool> read)
        where TExtension : X509Extension
    {
        try
        {
            return [.. Certificate.Extensions.OfType<TExtension>().Select(read)];
        }
        catch (CryptographicException)
        {
            throw Fault("certificate_malformed", "A certificate cannot be read.");
        }
    }

    private static bool IsInUse(TrustedAuthority authority, DateTimeOffset time) => authority.Window.Contains(time);

    private static X509Certificate2 Load(byte[] der)
    {
        try
        {
            // A certificate with bytes behind it would have two digests.
            AsnDecoder.ReadEncodedValue(der, AsnEncodingRules.DER, out _, out _, out var read);
            return read == der.Length ? X509CertificateLoader.LoadCertificate(der) : throw Fault("certificate_malformed", "A certificate has trailing bytes.");
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw Fault("certificate_malformed", "A certificate cannot be read.");
        }
    }

    // A root that comes along can only mislead; cosign's layout has always sent it, and there it is ignored.
    private static void DemandNoRoot(SigstoreBundle bundle, List<X509Certificate2> hints)
    {
        if (bundle.Format != BundleFormat.CosignLegacy && hints.Exists(h => h.SubjectName.RawData.AsSpan().SequenceEqual(h.IssuerName.RawData)))
        {
            throw new VerificationException(VerificationStage.Bundle, "root_in_chain", "The bundle's certificate chain holds a root certificate.");
        }
    }

    private static VerificationException Fault(string code, string message) => new(VerificationStage.Certificate, code, message);
}
