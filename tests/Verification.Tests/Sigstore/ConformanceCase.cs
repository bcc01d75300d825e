using System.Security.Cryptography;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>One directory of the conformance data.</summary>
internal sealed class ConformanceCase(string name)
{
    private const string DefaultIdentity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    private const string DefaultIssuer = "https://token.actions.githubusercontent.com";

    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Sigstore", "Conformance");

    public string Bundle => At("bundle.sigstore.json");

    public string Artifact => File.Exists(At("artifact")) ? At("artifact") : Path.Combine(Root, "a.txt");

    public string Digest => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Artifact)));

    public string Identity => TextOr("identity", DefaultIdentity);

    public string Issuer => TextOr("issuer", DefaultIssuer);

    public string? TrustedRoot => File.Exists(At("trusted_root.json")) ? At("trusted_root.json") : null;

    public string? Key => File.Exists(At("key.pub")) ? At("key.pub") : null;

    /// <summary>The command line, in the order of the suite.</summary>
    public string[] Arguments(string fileOrDigest)
    {
        string[] signer = Key is { } key ? ["--key", key] : ["--certificate-identity", Identity, "--certificate-oidc-issuer", Issuer];
        string[] root = TrustedRoot is { } path ? ["--trusted-root", path] : [];
        return ["verify-bundle", "--bundle", Bundle, .. signer, .. root, fileOrDigest];
    }

    private string At(string file) => Path.Combine(Root, name, file);

    private string TextOr(string file, string fallback) => File.Exists(At(file)) ? File.ReadAllText(At(file)).Trim() : fallback;
}
