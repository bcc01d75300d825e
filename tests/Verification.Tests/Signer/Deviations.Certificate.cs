using System.Text.Json.Nodes;
using static Actors.Verification.Sigstore.VerificationStage;

namespace Actors.Verification.Tests.Signer;

/// <summary>Faults of certificates, SCTs and identities.</summary>
internal static partial class Deviations
{
    private static readonly DateTimeOffset s_now = SigstoreWorld.Now;

    private static IEnumerable<Deviation> OfCertificates() =>
    [
        Cert("certificate of a stranger's authority", "", r => r.Authority = SigstoreWorld.Stranger.Fulcio),
        Cert("certificate is junk", "", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes", Convert.ToBase64String(new byte[100]))),
        Cert("certificate with trailing bytes", "", r => r.Bundle = b => b.Set("verificationMaterial/certificate/rawBytes",
            Convert.ToBase64String([.. Convert.FromBase64String(b.Text("verificationMaterial/certificate/rawBytes")), 0]))),
        Cert("certificate not for code signing", "", r => r.Certificate.ExtendedKeyUsages = [CertificateSpec.TimeStamping]),
        Cert("certificate for no extended use", "", r => r.Certificate.ExtendedKeyUsages = []),
        Cert("certificate not for signatures", "", r => r.Certificate.KeyUsage = System.Security.Cryptography.X509Certificates.X509KeyUsageFlags.KeyAgreement),
        Cert("certificate of an authority", "", r => r.Certificate.IsAuthority = true),
        Cert("certificate expired when it signed", "", r => r.Certificate.NotAfter = s_now.AddSeconds(-1)),
        Cert("certificate not yet valid when it signed", "", r => r.Certificate.NotBefore = s_now.AddSeconds(1)),
        Cert("intermediate expired when it signed", "", r => UseAuthority(r, s => s.NotAfter = s_now.AddSeconds(-1))),
        Cert("intermediate not yet valid when it signed", "", r => UseAuthority(r, s => s.NotBefore = s_now.AddSeconds(1))),
        Cert("root expired when it signed", "", r => UseAuthority(r, _ => { }, s => s.NotAfter = s_now.AddSeconds(-1))),
        Cert("intermediate not for code signing", "", r => UseAuthority(r, s => s.ExtendedKeyUsages = [CertificateSpec.TimeStamping])),
        Cert("authority withdrawn before", "", r => r.Root = t => t.Set("certificateAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddDays(-1)))),
        Cert("authority trusted only later", "", r => r.Root = t => t.Set("certificateAuthorities/0/validFor", SigstoreWorld.Window(s_now.AddDays(1), null))),
        Cert("no authority trusted", "", r => r.Root = t => t.Set("certificateAuthorities", new JsonArray())),
        Cert("one of two times outside the certificate", "", r => r.Timestamps.Add(new TimestampSpec { At = s_now.AddMinutes(6) })),
        Cert("time stamp outside, promise inside", "", r =>
        {
            r.Timestamps.Add(new TimestampSpec { At = s_now.AddDays(-2) });
            r.Timestamps.Add(new TimestampSpec { At = s_now });
        }),
    ];

    private static IEnumerable<Deviation> OfScts() =>
    [
        Sct("no SCT", "", s => s.Omit = true),
        Sct("SCT of an unknown log", "", s => s.LogId = new byte[32]),
        Sct("SCT with a stranger's signature", "", s => s.Signer = TestKey.P256()),
        Sct("SCT over another issuer's key", "", s => s.Issuer = SigstoreWorld.Trusted.Root),
        Sct("SCT of version 2", "", s => s.Version = 1),
        Sct("SCT with SHA-1", "", s => s.Hash = 2),
        Sct("SCT with DSA", "", s => s.Signature = 2),
        Sct("SCT with a changed time", "", s => s.Damage = Flip(40)),
        Sct("SCT with changed extensions", "", s => (s.Extensions, s.Damage) = ([1, 2, 3], Flip(44))),
        Sct("SCT cut off", "", s => s.Damage = bytes => bytes[..^1]),
        Sct("SCT with trailing bytes", "", s => s.Damage = bytes => [.. bytes, 0]),
        Sct("SCT list cut off", "", s => s.DamageList = list => list[..^1]),
        Sct("SCT list empty", "", s => s.DamageList = _ => TestAsn.Octets([0, 0])),
        Sct("SCT list with trailing bytes", "", s => s.DamageList = list => TestAsn.Octets([.. list[3..], 0])),
        Cert("CT log withdrawn before", SignedCertificateTimestamp, "", r => r.Root = t => t.Set("ctlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddYears(-1), s_now.AddSeconds(-1)))),
        Cert("CT log trusted only later", SignedCertificateTimestamp, "", r => r.Root = t => t.Set("ctlogs/0/publicKey/validFor", SigstoreWorld.Window(s_now.AddSeconds(1), null))),
        Cert("no CT log trusted", SignedCertificateTimestamp, "", r => r.Root = t => t.Set("ctlogs", new JsonArray())),
    ];

    private static IEnumerable<Deviation> OfIdentities() =>
    [
        Cert("another identity", Identity, "", r => r.Certificate.Names = [Recipe.Identity + "x"]),
        Cert("identity with a line end", Identity, "", r => r.Certificate.Names = [Recipe.Identity + "\n"]),
        Cert("two identities", Identity, "", r => r.Certificate.Names = [Recipe.Identity, "https://other.example/"]),
        Cert("no identity", Identity, "", r => r.Certificate.Names = []),
        Cert("another issuer", Identity, "", r => r.Certificate.SetFulcio(8, "https://accounts.example")),
        Cert("another issuer in the old extension alone", Identity, "", r =>
        {
            r.Certificate.SetFulcio(1, "https://accounts.example", raw: true);
            r.Certificate.SetFulcio(8, null);
        }),
        Cert("no issuer", Identity, "", r =>
        {
            r.Certificate.SetFulcio(1, null);
            r.Certificate.SetFulcio(8, null);
        }),
        Cert("issuer is no text", Identity, "", r => r.Certificate.SetFulcio(8, Recipe.Issuer, raw: true)),
    ];

    private static Deviation Cert(string name, string code, Action<Recipe> change) => Cert(name, Certificate, code, change);

    private static Deviation Cert(string name, Actors.Verification.Sigstore.VerificationStage stage, string code, Action<Recipe> change) =>
        new(name, () => V1().With(change), stage, code);

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
