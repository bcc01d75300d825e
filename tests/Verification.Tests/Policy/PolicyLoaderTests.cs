using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyLoaderTests : IDisposable
{
    private const string Rules = "  - match: \"ghcr.io/acme/**\"\n    require: { any: [ { key: keys/demo.pub } ] }\n  - match: \"ghcr.io/**\"\n    deny: true";
    private readonly CosignTestSigner _signer = new();
    private readonly PolicyFolder _folder = new();

    public PolicyLoaderTests() => _folder.Write("keys/demo.pub", _signer.PublicKeyPem).WriteRules(Rules);

    public void Dispose()
    {
        _folder.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public void Load_GoodPolicy_HasRulesAndProfiles()
    {
        var policy = _folder.Load();

        Assert.Equal(["ghcr.io/acme/**", "ghcr.io/**"], policy.Rules.Select(r => r.Pattern.Text));
        var group = Assert.IsType<RequirementGroup>(policy.Rules[0].Require);
        var signatory = Assert.IsType<KeySignatory>(Assert.IsType<SignatureRequirement>(Assert.Single(group.Items)).By.Demands.Signatory);
        Assert.Equal(_signer.Fingerprint, signatory.Key.Fingerprint);
        Assert.Null(policy.Rules[1].Require);
        var profile = policy.Profiles["default"];
        Assert.Equal(SandboxRuntime.Auto, profile.Runtime);
        Assert.Equal(new ProfileLimits(500, 256L << 20, 256, 600), profile.Defaults);
        Assert.Equal(new ProfileLimits(2000, 1L << 30, 512, 3600), profile.Caps);
    }

    [Fact]
    public void Load_RelativePath_IsFromTheWorkingDirectoryAndKeysFromThePolicys()
    {
        var path = Path.GetRelativePath(Environment.CurrentDirectory, _folder.PolicyPath);

        Assert.Equal(_folder.Load().Revision, PolicyLoader.Load(path).Revision);
    }

    [Fact]
    public void Load_PolicyOrKeyChanges_ChangesTheRevision()
    {
        var first = _folder.Load().Revision;
        Assert.Equal(first, _folder.Load().Revision);
        Assert.Matches("^[0-9a-f]{64}$", first);

        _folder.Write("keys/demo.pub", _signer.PublicKeyPem + "\n");
        var second = _folder.Load().Revision;
        _folder.WriteRules(Rules + "\n");
        var third = _folder.Load().Revision;

        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
    }

    [Fact]
    public void Load_ManyFaults_ReportsAllWithLineAndFix()
    {
        _folder.Write("policy.yaml", """
            version: 2
            extra: 1
            registries:
              - match: "*.io/x"
                require: { any: [ { key: keys/none.pub } ] }
              - match: ghcr.io/a
                deny: true
                deny: true
              - match: ghcr.io/b
            profiles:
              default:
                runtime: crun
                network: host
                defaults: { cpu: 3, memory: 256m, pids: 1000, lifetime: 10x }
                caps: { cpu: 2, memory: 1Gi, pids: 512 }
            """);

        var faults = _folder.Faults();

        Assert.Equal([1, 2, 4, 5, 8, 9, 12, 13, 14, 14, 15], faults.Select(f => f.Line));
        Assert.All(faults, f => Assert.True(f.File == _folder.PolicyPath && f.Problem.Length > 0 && f.Fix.Length > 0));
        Assert.StartsWith($"{_folder.PolicyPath}:2: The policy has the unknown key 'extra'.", faults[1].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu: 3, memory: 256Mi, pids: 256, lifetime: 10m", "'cpu'")]
    [InlineData("cpu: 1, memory: 2Gi, pids: 256, lifetime: 10m", "'memory'")]
    [InlineData("cpu: 1, memory: 256Mi, pids: 513, lifetime: 10m", "'pids'")]
    [InlineData("cpu: 1, memory: 256Mi, pids: 256, lifetime: 61m", "'lifetime'")]
    public void Load_DefaultAboveItsCap_IsAFault(string defaults, string names)
    {
        _folder.Write("policy.yaml", $"version: 1\nregistries:\n{Rules}\n" + PolicyFolder.Profiles.Replace("cpu: 500m, memory: 256Mi, pids: 256, lifetime: 10m", defaults, StringComparison.Ordinal));

        Assert.Contains(names, Assert.Single(_folder.Faults()).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  - match: ghcr.io/a\n    deny: true\n  - match: ghcr.io/a\n    deny: true", "second rule")]
    [InlineData("  - match: ghcr.io/a\n    deny: true\n    require: { any: [ { key: keys/demo.pub } ] }", "both or none")]
    [InlineData("  - match: ghcr.io/a\n    deny: false", "false")]
    [InlineData("  - match: ghcr.io/a\n    deny: \"true\"", "neither true nor false")]
    [InlineData("  - match: ghcr.io/a\n    signatures: ghcr.io/s\n    deny: true", "stands in a rule that denies")]
    [InlineData("  - match: ghcr.io/a\n    signatures: ghcr.io/s:1\n    require: { any: [ { key: keys/demo.pub } ] }", "is no repository")]
    [InlineData("  - match: ghcr.io/a\n    signatures: acme/s\n    require: { any: [ { key: keys/demo.pub } ] }", "is no repository")]
    [InlineData("  - match: ghcr.io/a\n    insecure: yes\n    deny: true", "neither true nor false")]
    [InlineData("  - match: ghcr.io/a\n    require: { any: [] }", "1 to 16")]
    [InlineData("  - match: ghcr.io/a\n    require: {}", "both or none of 'any' and 'all'")]
    [InlineData("  - match: ghcr.io/a\n    require: { all: [ { key: keys/demo.pub } ], any: [ { key: keys/demo.pub } ] }", "both or none of 'any' and 'all'")]
    [InlineData("  - match: ghcr.io/a\n    require: { any: [ { key: keys/demo.pub }, { key: ./keys/demo.pub } ] }", "twice")]
    [InlineData("  - match: ghcr.io/a\n    deny: &x true", "anchor")]
    [InlineData("  - match: ghcr.io/a\n    deny: *x", "alias")]
    [InlineData("  - match: ghcr.io/a\n    deny: !!bool true", "tag")]
    [InlineData("  - match: [\n", "not YAML")]
    [InlineData("  []", "1 to 500")]
    public void Load_BrokenRule_IsAFault(string rules, string problem)
    {
        _folder.WriteRules(rules);

        Assert.Contains(_folder.Faults(), f => f.Problem.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "holds no PEM block")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot be read")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "exactly one 'PUBLIC KEY'")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "private key")]
    public void Load_BadKeyFile_IsAFaultAtItsLine(string content, string problem)
    {
        _folder.Write("keys/demo.pub", content);

        var fault = Assert.Single(_folder.Faults());

        Assert.Equal(4, fault.Line);
        Assert.Contains("keys/demo.pub", fault.Problem, StringComparison.Ordinal);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoFileOrTooLarge_IsAFault()
    {
        _folder.Write("policy.yaml", new string('#', PolicyLoader.MaxFileBytes + 1));
        Assert.Contains("262144", Assert.Single(_folder.Faults()).Problem, StringComparison.Ordinal);

        File.Delete(_folder.PolicyPath);
        Assert.Contains("cannot be read", Assert.Single(_folder.Faults()).Problem, StringComparison.Ordinal);
    }
}
