using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>All that signs for Sigstore, with keys of its own: certificate authorities, a CT log, two transparency logs and a time stamp authority. Made once per process.</summary>
internal sealed class SigstoreWorld
{
    private const string TrustedRootType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

    /// <summary>When everything is signed.</summary>
    public static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The world that fixtures trust.</summary>
    public static readonly SigstoreWorld Trusted = new();

    /// <summary>One like it that nobody trusts: same names, other keys.</summary>
    public static readonly SigstoreWorld Stranger = new();

    public SigstoreWorld()
    {
        Root = TestAuthority.Root(Authority("O=sigstore.test, CN=root"), TestKey.P256());
        var spec = Authority("O=sigstore.test, CN=intermediate");
        spec.ExtendedKeyUsages = [CertificateSpec.CodeSigning];
        spec.PathLength = 0;
        Fulcio = Root.Intermediate(spec, TestKey.P256());
        CtLog = new TestCtLog(TestKey.P256());
        RekorV1 = new TestRekor(1, "rekor.sigstore.test", TestKey.P256());
        RekorV2 = new TestRekor(2, "log2026-1.rekor.sigstore.test", TestKey.Ed25519());
        RekorV2Ecdsa = new TestRekor(2, "log2026-2.rekor.sigstore.test", TestKey.P256());
        TsaRoot = TestAuthority.Root(Authority("O=sigstore.test, CN=tsa root"), TestKey.P256());
        Tsa = new TestTimestampAuthority(TsaRoot, Now.AddYears(-1), Now.AddYears(1));
    }

    public TestAuthority Root { get; }

    public TestAuthority Fulcio { get; }

    public TestCtLog CtLog { get; }

    public TestRekor RekorV1 { get; }

    public TestRekor RekorV2 { get; }

    public TestRekor RekorV2Ecdsa { get; }

    public TestAuthority TsaRoot { get; }

    public TestTimestampAuthority Tsa { get; }

    /// <summary>A log by version; 3 means version 2 with an ECDSA key.</summary>
    public TestRekor Rekor(int version) => version switch { 1 => RekorV1, 2 => RekorV2, _ => RekorV2Ecdsa };

    /// <summary>A year before and after now.</summary>
    public static CertificateSpec Authority(string subject) => new() { Subject = subject, NotBefore = Now.AddYears(-1), NotAfter = Now.AddYears(1) };

    /// <summary>The trusted_root.json that says so.</summary>
    public JsonObject TrustedRoot() => new()
    {
        ["mediaType"] = TrustedRootType,
        ["tlogs"] = new JsonArray(Log(RekorV1.Host, RekorV1.Key, RekorV1.LogId), Log(RekorV2.Host, RekorV2.Key, RekorV2.LogId), Log(RekorV2Ecdsa.Host, RekorV2Ecdsa.Key, RekorV2Ecdsa.LogId)),
        ["certificateAuthorities"] = new JsonArray(AuthorityJson("https://fulcio.sigstore.test", Fulcio.Chain)),
        ["ctlogs"] = new JsonArray(Log("ctfe.sigstore.test", CtLog.Key, CtLog.LogId)),
        ["timestampAuthorities"] = new JsonArray(AuthorityJson("https://timestamp.sigstore.test", Tsa.Chain)),
    };

    /// <summary>One log of a trusted root.</summary>
    public static JsonObject Log(string host, TestKey key, byte[] logId) => new()
    {
        ["baseUrl"] = "https://" + host,
        ["hashAlgorithm"] = "SHA2_256",
        ["publicKey"] = new JsonObject
        {
            ["rawBytes"] = Convert.ToBase64String(key.Spki),
            ["keyDetails"] = key.KeyDetails,
            ["validFor"] = Window(Now.AddYears(-1), null),
        },
        ["logId"] = new JsonObject { ["keyId"] = Convert.ToBase64String(logId) },
    };

    /// <summary>One authority of a trusted root.</summary>
    public static JsonObject AuthorityJson(string uri, IEnumerable<X509Certificate2> chain) => new()
    {
        ["subject"] = new JsonObject { ["organization"] = "sigstore.test", ["commonName"] = "test" },
        ["uri"] = uri,
        ["certChain"] = new JsonObject { ["certificates"] = Certificates(chain) },
        ["validFor"] = Window(Now.AddYears(-1), null),
    };

    public static JsonArray Certificates(IEnumerable<X509Certificate2> chain) =>
        new([.. chain.Select(c => new JsonObject { ["rawBytes"] = Convert.ToBase64String(c.RawData) })]);

    /// <summary>A validity window.</summary>
    public static JsonObject Window(DateTimeOffset start, DateTimeOffset? end)
    {
        var window = new JsonObject { ["start"] = Text(start) };
        if (end is { } last)
        {
            window["end"] = Text(last);
        }

        return window;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
