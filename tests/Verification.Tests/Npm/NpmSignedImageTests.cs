using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Tests.Policy;
using Xunit;

namespace Actors.Verification.Tests.Npm;

/// <summary>What npm's Sigstore libraries sign is admitted by the gate and by the command line, and each way to be wrong is its own reason.</summary>
public sealed class NpmSignedImageTests(NpmSignedImages images) : IClassFixture<NpmSignedImages>
{
    private const string ByKey = "any: [ { key: keys/npm.pub, transparency_log: required, trust_root: npm } ]";
    private const string ByAnotherKey = "any: [ { key: keys/demo.pub } ]";
    private const string ByIdentity = $"any: [ {{ keyless: {{ identity: \"{NpmSignedImages.Identity}\", issuer: \"{NpmSignedImages.Issuer}\", trust_root: npm }} }} ]";
    private const string ByAnotherIdentity = $"any: [ {{ keyless: {{ identity: \"{NpmSignedImages.Identity}x\", issuer: \"{NpmSignedImages.Issuer}\", trust_root: npm }} }} ]";
    private const string ByAnotherIssuer = $"any: [ {{ keyless: {{ identity: \"{NpmSignedImages.Identity}\", issuer: \"{NpmSignedImages.Issuer}/x\", trust_root: npm }} }} ]";
    private const string ByPublicGood = $"any: [ {{ keyless: {{ identity: \"{NpmSignedImages.Identity}\", issuer: \"{NpmSignedImages.Issuer}\" }} }} ]";

    /// <summary>Tag, what the rule demands, the reason; null when it is admitted.</summary>
    public static TheoryData<string, string, string?> Cases => new()
    {
        { "key", ByKey, null },
        { "keyless", ByIdentity, null },
        { "key-dsse", ByKey, null },
        { "keyless-dsse", ByIdentity, null },
        { "key-dsse-logged-otherwise", ByKey, RefusalCodes.TransparencyLogInvalid },
        { "keyless-dsse-logged-otherwise", ByIdentity, RefusalCodes.TransparencyLogInvalid },
        { "keyless", ByAnotherIdentity, RefusalCodes.IdentityMismatch },
        { "keyless", ByAnotherIssuer, RefusalCodes.IssuerMismatch },
        { "keyless-expired", ByIdentity, RefusalCodes.CertificateExpired },
        { "keyless-of-another", ByIdentity, RefusalCodes.DigestMismatch },
        { "keyless-sbom", ByIdentity, RefusalCodes.PredicateTypeMismatch },
        { "keyless", ByPublicGood, RefusalCodes.TransparencyLogInvalid },
        { "keyless", ByKey, RefusalCodes.SignatureInvalid },
        { "key", ByAnotherKey, RefusalCodes.SignatureInvalid },
        { "key", ByIdentity, RefusalCodes.CertificateInvalid },
        { "key-of-another", ByKey, RefusalCodes.DigestMismatch },
        { "key-sbom", ByKey, RefusalCodes.PredicateTypeMismatch },
        { "unsigned", ByIdentity, RefusalCodes.Unsigned },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Gate_ImageSignedByNpm_IsDecidedByItsSignature(string tag, string require, string? code)
    {
        await using var harness = Under(require);

        var decision = await harness.DecideAsync(images.Image(tag));

        Assert.True(code == decision.Code, $"{decision.Code}: {decision.Reason}");
        Assert.Equal(code is null, decision.Admitted);
        if (decision.Admitted)
        {
            var facts = decision.Evidence[^1].Facts;
            Assert.Equal("fallback_tag", facts["listed_by"]);
            Assert.StartsWith("https://rekor.sigstore.test ", facts["log_entries"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task PolicyCheck_ImageSignedByNpm_IsDecidedByItsSignature(string tag, string require, string? code)
    {
        await using var harness = Under(require);
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Repository.PathOf("src", "Cli", "bin", output.Parent!.Name, output.Name, "actors.dll");
        string[] check = ["policy", "check", images.Image(tag), "--policy", harness.Folder.PolicyPath, "--platform", "linux/amd64", "--timeout", "120", "--json"];

        var (exit, text) = await NpmSignedImages.RunAsync("dotnet", Path.GetTempPath(), [program, .. check], mayFail: true);

        using var decision = JsonDocument.Parse(text);
        Assert.Equal(code is null ? 0 : 1, exit);
        Assert.Equal(code, decision.RootElement.TryGetProperty("code", out var told) ? told.GetString() : null);
        Assert.Equal(code is null, decision.RootElement.GetProperty("admitted").GetBoolean());
    }

    private GateHarness Under(string require) => new(images.Host, GateHarness.RuleFor(images.Host, require), "trust_roots: { npm: root.json }", folder =>
    {
        folder.Write("root.json", images.TrustedRoot);
        folder.Write("keys/npm.pub", images.PublicKey);
    });
}
