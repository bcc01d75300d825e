using System.Text.Json.Nodes;
using BundleDemands = Actors.Verification.Sigstore.BundleDemands;
using CertificateIdentity = Actors.Verification.Sigstore.CertificateIdentity;
using IdentityPattern = Actors.Verification.Sigstore.IdentityPattern;
using KeylessSignatory = Actors.Verification.Sigstore.KeylessSignatory;
using static Actors.Verification.Sigstore.VerificationStage;

namespace Actors.Verification.Tests.Signer;

/// <summary>Faults of certificates, SCTs and identities.</summary>
internal static partial class Deviations
{
    private static readonly DateTimeOffset s_now = SigstoreWorld.Now;

    private static IEnumerable<Deviation> OfCertificates() =>
    [
        Cert("certificate of a stranger's authority", "certificate_untrusted", r => r.Authority = SigstoreWorld.Stranger.Fulcio),
        Cert("certificate is junk", "certificate_malformed", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes", Convert.ToBase64String(new byte[100]))),
        Cert("certificate is an empty sequence", "certificate_malformed", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes", "MAA=")),
        Cert("certificate cut off", "certificate_malformed", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes", "MIIB")),
        Cert("certificate of an RSA key of 1024 bits", "certificate_key_unsupported", r => r.Key = TestKey.Rsa(1024)),
        Cert("certificate with trailing bytes", "certificate_malformed", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes",
            Convert.ToBase64String([.. Convert.FromBase64String(b.Text("verificationMaterial/certificate/rawBytes")), 0]))),
        Cert("certificate not for code signing", "certificate_purpose", r => r.Certificate.ExtendedKeyUsages = [CertificateSpec.TimeStamping]),
        Cert("certificate for no extended use", "certificate_purpose", r => r.Certificate.ExtendedKeyUsages = []),
        Cert("certificate not for signatures", "certificate_key_usage", r => r.Certificate.KeyUsage = System.Security.Cryptography.X509Certificates.X509KeyUsageFlags.KeyAgreement),
        Cert("certificate of an authority", "certificate_of_authority", r => r.Certificate.IsAuthority = true),
        Cert("certificate expired when it signed", "certificate_expired_at_signing", r => r.Certificate.NotAfter = s_now.AddSeconds(-1)),
        Cert("certificate not yet valid when it signed", "certificate_expired_at_signing", r => r.Certificate.NotBefore = s_now.AddSeconds(1)),
        Cert("intermediate expired when it signed", "certificate_expired_at_signing", r => UseAuthority(r, s => s.NotAfter = s_now.AddSeconds(-1))),
        Cert("intermediate not yet valid when it signed", "certificate_expired_at_signing", r => UseAuthority(r, s => s.NotBefore = s_now.AddSeconds(1))),
        Cert("root expired when it signed", "certificate_expired_at_signing", r => UseAuthority(r, _ => { }, s => s.NotAfter = s_now.AddSeconds(-1))),
        Cert("intermediate not for code signing", "certificate_untrusted", r => UseAuthority(r, s => s.ExtendedKeyUsages = [CertificateSpec.TimeStamping])),
        Cert("authority withdrawn before", "certificate_authority_outside_window", r => r.Root = t => t.Set("certificateAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddDays(-1)))),
        Cert("authority trusted only later", "certificate_authority_outside_window", r => r.Root = t => t.Set("certificateAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddDays(1), null))),
        Cert("no authority trusted", "certificate_untrusted", r => r.Root = t => t.Set("certificateAuthorities", new JsonArray())),
        Cert("one of two times outside the certificate", "certificate_expired_at_signing", r => r.Timestamps.Add(new TimestampSpec { At = s_now.AddMinutes(6) })),
        Cert("time stamp outside, promise inside", "certificate_expired_at_signing", r =>
        {
            r.Timestamps.Add(new TimestampSpec { At = s_now.AddDays(-2) });
            r.Timestamps.Add(new TimestampSpec { At = s_now });
        }),
    ];

    private static IEnumerable<Deviation> OfScts() =>
    [
        Sct("no SCT", "sct_missing", s => s.Omit = true),
        Sct("SCT of an unknown log", "sct_log_unknown", s => s.LogId = new byte[32]),
        Sct("SCT with a stranger's signature", "sct_invalid", s => s.Signer = TestKey.P256()),
        Sct("SCT over another issuer's key", "sct_invalid", s => s.Issuer = SigstoreWorld.Trusted.Root),
        Sct("SCT of version 2", "sct_log_unknown", s => s.Version = 1),
        Sct("SCT with SHA-1", "sct_malformed", s => s.Hash = 2),
        Sct("SCT that says RSA under an ECDSA log", "sct_scheme_mismatch", s => s.Signature = 1),
        Sct("SCT of an anonymous scheme", "sct_scheme_mismatch", s => s.Signature = 0),
        Sct("SCT of DSA", "sct_scheme_mismatch", s => s.Signature = 2),
        Sct("SCT after the year 9999", "sct_outside_log_window", s => s.Damage = Flip(33)),
        Sct("SCT with a changed time", "sct_invalid", s => s.Damage = Flip(40)),
        Sct("SCT with changed extensions", "sct_invalid", s => (s.Extensions, s.Damage) = ([1, 2, 3], Flip(44))),
        Sct("SCT cut off", "sct_malformed", s => s.Damage = bytes => bytes[..^1]),
        Sct("SCT with trailing bytes", "sct_malformed", s => s.Damage = bytes => [.. bytes, 0]),
        Sct("SCT list cut off", "sct_malformed", s => s.DamageList = list => list[..^1]),
        Sct("SCT list empty", "sct_log_unknown", s => s.DamageList = _ => TestAsn.Octets([0, 0])),
        Sct("SCT list with trailing bytes", "sct_malformed", s => s.DamageList = list => TestAsn.Octets([.. list[2..], 0])),
        Cert("CT log withdrawn before", SignedCertificateTimestamp, "sct_outside_log_window", r => r.Root = t => t.Set("ctlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddSeconds(-1)))),
        Cert("CT log trusted only later", SignedCertificateTimestamp, "sct_outside_log_window", r => r.Root = t => t.Set("ctlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddSeconds(1), null))),
        Cert("no CT log trusted", SignedCertificateTimestamp, "sct_log_unknown", r => r.Root = t => t.Set("ctlogs", new JsonArray())),
    ];

    private static IEnumerable<Deviation> OfIdentities() =>
    [
        Cert("another identity", Identity, "identity_mismatch", r => r.Certificate.Names = [Recipe.Identity + "x"]),
        Cert("identity with a line end", Identity, "identity_mismatch", r => r.Certificate.Names = [Recipe.Identity + "\n"]),
        Cert("two identities", Identity, "subject_alternative_name_count", r => r.Certificate.Names = [Recipe.Identity, "https://other.example/"]),
        Cert("no identity", Identity, "subject_alternative_name_count", r => r.Certificate.Names = []),
        Cert("another issuer", Identity, "issuer_mismatch", r => r.Certificate.SetFulcio(8, "https://accounts.example")),
        Cert("another issuer in the old extension alone", Identity, "issuer_mismatch", r =>
        {
            r.Certificate.SetFulcio(1, "https://accounts.example", raw: true);
            r.Certificate.SetFulcio(8, null);
        }),
        Cert("no issuer", Identity, "issuer_mismatch", r =>
        {
            r.Certificate.SetFulcio(1, null);
            r.Certificate.SetFulcio(8, null);
        }),
        Cert("no issuer, and any will do", Identity, "issuer_mismatch", r =>
        {
            r.Certificate.SetFulcio(1, null);
            r.Certificate.SetFulcio(8, null);
        }) with { Demand = d => new BundleDemands(new KeylessSignatory(new CertificateIdentity(IdentityPattern.Exact(Recipe.Identity), Any()), d.EffectiveRoot!)) },
        Cert("issuer with trailing bytes", Identity, "certificate_identity_malformed", r =>
        {
            r.Certificate.SetFulcio(8, null);
            r.Certificate.Extra.Add(("1.3.6.1.4.1.57264.1.8", [.. TestAsn.Utf8(Recipe.Issuer), 0]));
        }),
        Cert("identity with trailing bytes", Identity, "certificate_identity_malformed", r =>
        {
            r.Certificate.Names = [];
            r.Certificate.Extra.Add(("2.5.29.17", [.. TestAsn.Names([Recipe.Identity]), 5, 0]));
        }),
        Cert("identity of another kind", Identity, "subject_alternative_name_count", r =>
        {
            r.Certificate.Names = [];
            r.Certificate.Extra.Add(("2.5.29.17", [0x30, 6, 0x87, 4, 127, 0, 0, 1]));
        }),
        Cert("identity is empty", Identity, "subject_alternative_name_count", r =>
        {
            r.Certificate.Names = [];
            r.Certificate.Extra.Add(("2.5.29.17", [0x30, 2, 0x86, 0]));
        }),
        Cert("issuer is no text", Identity, "certificate_identity_malformed", r => r.Certificate.SetFulcio(8, Recipe.Issuer, raw: true)),
    ];

    private static Deviation Cert(string name, string code, Action<Recipe> change) => Cert(name, Certificate, code, change);

    private static Deviation Cert(string name, Actors.Verification.Sigstore.VerificationStage stage, string code, Action<Recipe> change) =>
        new(name, () => V1().With(change), stage, code);

    private static IdentityPattern Any() => IdentityPattern.TryRegex(".*", out var any, out var fault) ? any : throw new InvalidOperationException(fault);

    private static Deviation Sct(string name, string code, Action<SctSpec> change) => Cert(name, SignedCertificateTimestamp, code, r => change(r.Sct));

    private static Func<byte[], byte[]> Flip(int at) => bytes =>
    {
        var copy = bytes.ToArray();
        copy[at] ^= 1;
        return copy;
    };

    // An authority like the trusted one but for the change, and the trusted root names it.
    private static void UseAuthority(Recipe recipe, Action<CertificateSpec> intermediate, Action<CertificateSpec>? root = null)
    {
        var rootSpec = SigstoreWorld.Authority("O=sigstore.test, CN=root 2");
        root?.Invoke(rootSpec);
        var spec = SigstoreWorld.Authority("O=sigstore.test, CN=intermediate 2");
        spec.ExtendedKeyUsages = [CertificateSpec.CodeSigning];
        intermediate(spec);
        recipe.Authority = TestAuthority.Root(rootSpec, TestKey.P256()).Intermediate(spec, TestKey.P256());
        recipe.Root = t => t.Set("certificateAuthorities/0/certChain/certificates", SigstoreWorld.Certificates(recipe.Authority.Chain));
    }
}
