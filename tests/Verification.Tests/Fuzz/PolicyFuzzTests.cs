using System.Text;
using Actors.Verification.Policy;
using Actors.Verification.Tests.Policy;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Fuzz;

/// <summary>Damaged policies: every fault is told, none is thrown.</summary>
public sealed class PolicyFuzzTests
{
    private const string Policy = """
        version: 1
        trust_roots: { test: root.json }
        hosts:
          "registry.example.com": { insecure: true }
        deny_digests: [ sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ]
        registries:
          - match: "registry.example.com/examples/**"
            mode: warn
            require:
              all:
                - any: [ { key: keys/demo.pub }, { keyless: { identity_regex: "https://github.com/.*", issuer: "https://token.example.com", trust_root: test } } ]
                - attestation:
                    predicate_type: https://slsa.dev/provenance/v1
                    by: { key: keys/demo.pub }
                    slsa: { builder_ids: [ "https://builder.example.com" ], source_repository: "https://github.com/a/b" }
                    conditions: [ { path: "$.buildDefinition.x[0]", equals: 1 } ]

        """;

    private static readonly string s_text = Policy + PolicyFolder.Profiles + "\n";

    [Fact]
    public void Yaml_Damaged_IsReadOrRefused() => FuzzRun.Of(600, mutator =>
    {
        var input = Damaged(mutator);
        return new Attempt(Encoding.UTF8.GetBytes(input), () => PolicyYaml.Parse(input));
    });

    [Fact]
    public void Policies_Damaged_LoadOrTellTheirFaults()
    {
        using var folder = new PolicyFolder();
        using var signer = new Actors.Testing.CosignTestSigner();
        folder.Write("keys/demo.pub", signer.PublicKeyPem).Write("root.json", SigstoreWorld.Trusted.TrustedRoot().ToJsonString());
        var faulty = 0;
        var rounds = FuzzRun.Rounds(250);
        for (var seed = 0; seed < rounds; seed++)
        {
            folder.Write("policy.yaml", Damaged(new Mutator(seed)));

            PolicyLoad? load = null;
            var thrown = Record.Exception(() => load = PolicyLoader.Attempt(folder.PolicyPath));

            Assert.True(thrown is null, $"seed {seed}: {thrown}");
            Assert.Equal(load!.Policy is null, load.Faults.Count > 0);
            faulty += load.Faults.Count > 0 ? 1 : 0;
        }

        Assert.InRange(faulty, rounds / 10, rounds);
    }

    // The words of YAML's own syntax, among the damage that any text gets.
    private static string Damaged(Mutator mutator)
    {
        var text = mutator.Text(s_text, s_text);
        var at = mutator.Pick(Enumerable.Range(0, text.Length + 1).ToList());
        return mutator.Pick(["", "", "&a ", "*a ", "!!binary ", "<<: ", "? ", "---\n", "[[[[", new string('[', 3000), new string('{', 3000), "|\n", "\t", "\0", "%YAML 9\n"]) is { Length: > 0 } word
            ? text.Insert(at, word)
            : text;
    }
}
