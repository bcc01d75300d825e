using Actors.Testing;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>The parts of the language beyond one key, and that the JSON Schema agrees with the loader about each sample.</summary>
public sealed class PolicyLanguageTests : IDisposable
{
    public const string Good = """
        version: 1
        trust_roots: { acme: roots/acme.json, public: public-good }
        hosts:
          "127.0.0.1:5000": { insecure: true, auth_hosts: auth.example.com }
          registry.example.com:
            allow_private: true
            mirrors: [ { host: "127.0.0.1:5000", prefix: copies/hub, resolves_tags: true } ]
        deny_digests: [ sha256:0000000000000000000000000000000000000000000000000000000000000001 ]
        deny_digests_file: revoked.txt
        registries:
          - match: ghcr.io/acme/**
            mode: warn
            require:
              all:
                - any:
                    - key: keys/demo.pub
                    - { key: keys/demo.pub, transparency_log: required, trust_root: acme }
                    - keyless: { identity: "https://github.com/acme/tool/.github/workflows/release.yml@refs/heads/main", issuer: "https://token.actions.githubusercontent.com" }
                - attestation:
                    predicate_type: https://slsa.dev/provenance/v1
                    by: { keyless: { identity_regex: "https://github\\.com/acme/.*", issuer_regex: "https://token\\.actions\\..*", trust_root: acme } }
                    slsa: { builder_ids: [ https://github.com/actions/runner/github-hosted ], build_types: x, source_repository: https://github.com/acme/tool, source_ref_regex: "refs/tags/v.*" }
                    conditions:
                      - { path: "$.buildDefinition.internalParameters['github'].event", in: [ push, release ] }
                      - { path: "$.x[0]", equals: 1 }
                      - { path: $.y, matches: "a+" }
          - match: ghcr.io/**
            deny: true
        profiles:
          default:
            defaults: { cpu: 500m, memory: 256Mi, pids: 256, lifetime: 10m }
            caps: { cpu: 2, memory: 1Gi, pids: 512, lifetime: 1h30m }
        """;

    private readonly CosignTestSigner _signer = new();
    private readonly PolicyFolder _folder = new();

    public PolicyLanguageTests() => _folder
        .Write("keys/demo.pub", _signer.PublicKeyPem)
        .Write("roots/acme.json", SigstoreWorld.Trusted.TrustedRoot().ToJsonString())
        .Write("revoked.txt", "# since May\n\nsha256:0000000000000000000000000000000000000000000000000000000000000002 # text-tools 1.2\r\n");

    public static TheoryData<string, string, string> Broken => new()
    {
        { "identity: \"https://github.com/acme/tool", "xidentity: \"https://github.com/acme/tool", "unknown key 'xidentity'" },
        { ", issuer: \"https://token.actions.githubusercontent.com\" }", " }", "both or none of 'issuer' and 'issuer_regex'" },
        { "issuer_regex: \"https://token\\\\.actions\\\\..*\"", "issuer_regex: \".*\"", "matches any text" },
        { "identity_regex: \"https://github\\\\.com/acme/.*\"", "identity_regex: \"a)|(b\"", "is no regular expression" },
        { "identity_regex: \"https://github\\\\.com/acme/.*\"", "identity_regex: \"(?=a)b\"", "look-around" },
        { "transparency_log: required, trust_root: acme", "transparency_log: required, trust_root: none", "no trust root 'none'" },
        { "transparency_log: required, trust_root: acme", "trust_root: acme", "no effect without a transparency log" },
        { "- key: keys/demo.pub", "- { key: keys/demo.pub, transparency_log: maybe }", "'transparency_log' is 'maybe'" },
        { "- key: keys/demo.pub", "- { key: keys/demo.pub, attestation: {} }", "not exactly one kind" },
        { "- key: keys/demo.pub", "- all: [ { key: keys/demo.pub } ]", "unknown key 'all'" },
        { "mode: warn", "mode: off", "'mode' is 'off'" },
        { "    deny: true", "    deny: true\n    mode: warn", "stands in a rule that denies" },
        { "predicate_type: https://slsa.dev/provenance/v1", "predicate_type: https://spdx.dev/Document", "'slsa' stands beside another predicate type" },
        { "predicate_type: https://slsa.dev/provenance/v1", "predicate_type: https://sigstore.dev/cosign/sign/v1", "is no attestation's" },
        { "builder_ids: [ https://github.com/actions/runner/github-hosted ],", "", "lacks 'builder_ids'" },
        { "source_ref_regex: \"refs/tags/v.*\"", "source_ref_regex: \"refs/tags/v.*\", source_ref: refs/heads/main", "both 'source_ref' and" },
        { "path: \"$.x[0]\", equals: 1", "path: \"$.x[*]\", equals: 1", "no path that can be used" },
        { "path: \"$.x[0]\", equals: 1", "path: \"$.x[0]\", equals: 1, in: [ 1 ]", "not exactly one of 'equals'" },
        { "path: \"$.x[0]\", equals: 1", "path: \"$.x[0]\", equals: [ 1 ]", "no plain value" },
        { "000001 ]", "00001 ]", "is no digest" },
        { "127.0.0.1:5000\": { insecure: true", "HTTP://x\": { insecure: true", "is no host" },
        { "prefix: copies/hub", "prefix: /copies", "no path of a repository" },
        { "resolves_tags: true", "resolves_tag: true", "unknown key 'resolves_tag'" },
        { "acme: roots/acme.json", "Acme: roots/acme.json", "cannot be used" },
    };

    public void Dispose()
    {
        _folder.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public void Load_AllOfTheLanguage_IsAsWritten()
    {
        var policy = _folder.Write("policy.yaml", Good).Load();

        var rule = policy.Rules[0];
        Assert.True(rule.WarnOnly);
        var all = Assert.IsType<RequirementGroup>(rule.Require);
        Assert.True(all.All);
        var any = Assert.IsType<RequirementGroup>(all.Items[0]);
        Assert.Equal(["all[0].any[0]", "all[0].any[1]", "all[0].any[2]"], any.Items.Select(i => i.Path));
        Assert.Equal([false, true, true], any.Items.Select(i => ((SignatureRequirement)i).By.Demands.RequireTransparencyLog));
        var keyless = Assert.IsType<KeylessSignatory>(((SignatureRequirement)any.Items[2]).By.Demands.Signatory);
        Assert.Same(TrustedRoot.PublicGood, keyless.Root);
        var attestation = Assert.IsType<AttestationRequirement>(all.Items[1]);
        Assert.Equal(3, attestation.Conditions.Count);
        Assert.Equal(["x"], attestation.Slsa!.BuildTypes);
        Assert.Equal(["acme", "public-good"], policy.TrustRoots.Keys.Order());
        Assert.Equal(["1", "2"], policy.DeniedDigests.Select(d => d.Hex.TrimStart('0')).Order());
        Assert.True(Assert.Single(policy.Hosts["registry.example.com"].Mirrors).Options.Insecure);
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void Load_OneMistake_IsAFaultAndTheSchemaRefusesItToo(string what, string by, string problem)
    {
        var text = Good.Replace(what, by, StringComparison.Ordinal);
        Assert.NotEqual(Good, text);

        var faults = _folder.Write("policy.yaml", text).Faults();

        Assert.Contains(faults, f => f.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.All(faults, f => Assert.True(f.Line > 0 && f.Fix.Length > 0, f.ToString()));

        // What an expression means, and which names there are, is beyond a schema.
        var beyond = problem is "matches any text" or "is no regular expression" or "look-around" or "no trust root 'none'";
        Assert.Equal(beyond, SchemaSamples.Accepts(text));
    }

    [Fact]
    public void Schema_GoodSamples_AreAccepted()
    {
        Assert.True(SchemaSamples.Accepts(Good));
        Assert.True(SchemaSamples.Accepts($"version: 1\nregistries:\n{GateHarness.RuleFor("127.0.0.1:5000")}\n{PolicyFolder.Profiles}\n"));
    }

    [Fact]
    public void Load_DenyFileWithAMistypedLine_IsAFault()
    {
        _folder.Write("policy.yaml", Good).Write("revoked.txt", "sha256:12\n");

        Assert.Contains("Line 1 of the deny list", Assert.Single(_folder.Faults()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TrustRootThatIsNone_IsAFault()
    {
        _folder.Write("policy.yaml", Good).Write("roots/acme.json", "{}");

        Assert.Contains(_folder.Faults(), f => f.Problem.Contains("'roots/acme.json' cannot be used", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_AnyFileThatIsNamedChanges_ChangesTheRevision()
    {
        var first = _folder.Write("policy.yaml", Good).Load();
        var second = _folder.Write("revoked.txt", "").Load();
        var third = _folder.Write("roots/acme.json", SigstoreWorld.Stranger.TrustedRoot().ToJsonString()).Load();

        Assert.Equal(3, new[] { first, second, third }.Select(p => p.Revision).Distinct().Count());
        Assert.NotEqual(second.TrustRootsHash, third.TrustRootsHash);
    }
}
