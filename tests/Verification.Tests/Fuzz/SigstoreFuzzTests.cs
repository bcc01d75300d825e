using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Actors.Verification.Cryptography;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Fuzz;

/// <summary>Damaged bundles and trusted roots, and what is inside of them.</summary>
public sealed class SigstoreFuzzTests
{
    private static readonly IReadOnlyList<(Recipe Recipe, Fixture Fixture)> s_fixtures =
    [
        Made(Recipe.Of(keyless: true, dsse: true, rekor: 1, version: 2)),
        Made(Recipe.Of(keyless: true, dsse: true, rekor: 2)),
        Made(Recipe.Of(keyless: true, dsse: false, rekor: 1, version: 1)),
        Made(Recipe.Of(keyless: true, dsse: false, rekor: 3)),
        Made(Recipe.Of(keyless: false, dsse: true, rekor: 1, kind: "intoto")),
        Made(Recipe.Of(keyless: false, dsse: false, rekor: 2)),
    ];

    private static readonly Lazy<TrustedRoot> s_root = new(() => TrustedRoot.Parse(s_fixtures[0].Fixture.Root));
    private static readonly Lazy<byte[]> s_certificate = new(() => Convert.FromBase64String(
        JsonNode.Parse(s_fixtures[1].Fixture.Bundle)!["verificationMaterial"]!["certificate"]!["rawBytes"]!.GetValue<string>()));

    private static readonly Lazy<IReadOnlyList<TestKey>> s_keys = new(() => [TestKey.P256(), TestKey.P384(), TestKey.P521(), TestKey.Rsa(), TestKey.Ed25519()]);
    private static readonly Lazy<Dictionary<TestKey, byte[]>> s_signatures = new(() => s_keys.Value.ToDictionary(k => k, k => k.Sign("data"u8.ToArray())));
    private static readonly Lazy<byte[]> s_statement = new(() =>
    {
        var recipe = Recipe.Of(keyless: true, dsse: true, rekor: 1);
        recipe.PredicateType = SlsaProvenance.PredicateType;
        recipe.Statement = s => s["predicate"] = JsonNode.Parse("""
            {"buildDefinition":{"buildType":"https://build.test","externalParameters":{"workflow":{"repository":"https://github.com/a/b","ref":"refs/heads/main"}}},"runDetails":{"builder":{"id":"https://builder.test"}}}
            """);
        return Encoding.UTF8.GetBytes(recipe.StatementJson().ToJsonString());
    });

    [Fact]
    public void Bundles_Damaged_VerifyOrAreRefused() => FuzzRun.Of(800, mutator =>
    {
        var (recipe, fixture) = mutator.Pick(s_fixtures);
        var input = mutator.Json(fixture.Bundle, mutator.Pick(s_fixtures).Fixture.Bundle);
        return new Attempt(input, () => BundleVerifier.Verify(SigstoreBundle.Parse(input), ArtifactDigest.OfBytes(fixture.Artifact), Demands.For(recipe, fixture)));
    });

    [Fact]
    public void TrustedRoots_Damaged_AreReadOrRefused() => FuzzRun.Of(400, mutator =>
    {
        var (recipe, fixture) = mutator.Pick(s_fixtures);
        var input = mutator.Json(fixture.Root, fixture.Bundle);
        return new Attempt(input, () =>
        {
            var damaged = fixture with { Root = input };
            BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), ArtifactDigest.OfBytes(fixture.Artifact), Demands.For(recipe, damaged));
        });
    });

    [Fact]
    public void Timestamps_Damaged_VerifyOrAreRefused() => FuzzRun.Of(1500, mutator =>
    {
        var fixture = s_fixtures[1].Fixture;
        var input = mutator.Bytes(fixture.Timestamps[0], s_fixtures[3].Fixture.Timestamps[0]);
        return new Attempt(input, () => TimestampVerifier.Verify(input, fixture.Content.Signature, s_root.Value));
    });

    [Fact]
    public void Certificates_Damaged_AreReadOrRefused() => FuzzRun.Of(1500, mutator =>
    {
        var input = mutator.Bytes(s_certificate.Value, SigstoreWorld.Trusted.Root.Certificate.RawData);
        return new Attempt(input, () =>
        {
            using var certificate = Load(input);
            CertificateTransparency.Demand(certificate, SigstoreWorld.Trusted.Fulcio.Key.Spki, s_root.Value);
            CertificateFactsReader.Read(certificate);
        });
    });

    [Fact]
    public void SctLists_Damaged_AreReadOrRefused() => FuzzRun.Of(2500, mutator =>
    {
        using var certificate = X509CertificateLoader.LoadCertificate(s_certificate.Value);
        var list = new System.Formats.Asn1.AsnReader(certificate.Extensions["1.3.6.1.4.1.11129.2.4.2"]!.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadOctetString();
        var input = mutator.Bytes(list, list);
        return new Attempt(input, () => Typed<ArgumentOutOfRangeException>(() => SignedCertificateTimestamp.ReadList(input)));
    });

    [Fact]
    public void Keys_Damaged_AreReadOrRefused() => FuzzRun.Of(1500, mutator =>
    {
        var key = mutator.Pick(s_keys.Value);
        var input = mutator.Bytes(key.Spki, mutator.Pick(s_keys.Value).Spki);
        var pem = mutator.Text(key.Pem, key.Pem);
        return new Attempt(input, () =>
        {
            var ofPem = TrustedPublicKey.TryParse("fuzz", pem, out _, out var faultOfPem);
            var ofPkcs1 = TrustedPublicKey.TryParsePkcs1("fuzz", input, out _, out var faultOfPkcs1);
            var read = TrustedPublicKey.TryParseSpki("fuzz", input, out _, out var fault);
            Refuse(!ofPem, faultOfPem);
            Refuse(!read, fault);
            Refuse(!ofPkcs1, faultOfPkcs1);
        });
    });

    [Fact]
    public void Signatures_Damaged_VerifyOrNot() => FuzzRun.Of(600, mutator =>
    {
        var key = mutator.Pick(s_keys.Value);
        var data = "data"u8.ToArray();
        var input = mutator.Bytes(s_signatures.Value[key], s_signatures.Value[mutator.Pick(s_keys.Value)]);
        return new Attempt(input, () => Refuse(!Demands.Key(key).Key.Verify(data, input), "does not verify"));
    });

    [Fact]
    public void Checkpoints_Damaged_AreReadOrRefused() => FuzzRun.Of(10_000, mutator =>
    {
        var good = mutator.Pick(s_fixtures).Fixture.Entries[0]["inclusionProof"]?["checkpoint"]?["envelope"]?.GetValue<string>() ?? "x\n1\nAA==\n\n";
        var input = mutator.Text(good, good);
        return new Attempt(Encoding.UTF8.GetBytes(input), () => Checkpoint.Parse(input));
    });

    [Fact]
    public void Statements_Damaged_AreReadOrRefused() => FuzzRun.Of(6000, mutator =>
    {
        var input = mutator.Json(s_statement.Value, s_fixtures[0].Fixture.Bundle);
        return new Attempt(input, () => SlsaProvenance.Of(InTotoReader.Read(input)));
    });

    [Fact]
    public void Annotations_Damaged_VerifyOrAreRefused() => FuzzRun.Of(400, mutator =>
    {
        var (recipe, fixture) = s_fixtures[2];
        var entry = fixture.Entries[0];
        var certificate = PemEncoding.WriteString("CERTIFICATE", Convert.FromBase64String(JsonNode.Parse(fixture.Bundle)!["verificationMaterial"]!["x509CertificateChain"]!["certificates"]![0]!["rawBytes"]!.GetValue<string>()));
        var log = new JsonObject
        {
            ["SignedEntryTimestamp"] = entry["inclusionPromise"]!["signedEntryTimestamp"]!.GetValue<string>(),
            ["Payload"] = new JsonObject
            {
                ["body"] = entry["canonicalizedBody"]!.GetValue<string>(),
                ["integratedTime"] = long.Parse(entry["integratedTime"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture),
                ["logIndex"] = long.Parse(entry["logIndex"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture),
                ["logID"] = Convert.ToHexStringLower(SigstoreWorld.Trusted.RekorV1.LogId),
            },
        };
        var bundle = Encoding.UTF8.GetString(mutator.Json(Encoding.UTF8.GetBytes(log.ToJsonString()), fixture.Bundle));
        var pem = mutator.Pick([certificate, mutator.Text(certificate, certificate)]);
        var signature = mutator.Pick([Convert.ToBase64String(fixture.Content.Signature), mutator.Text("AAAA", "====")]);
        var legacy = new LegacySignature(fixture.Artifact, signature, pem, mutator.Pick([null, pem]), bundle, mutator.Pick([null, bundle]));
        return new Attempt(Encoding.UTF8.GetBytes(bundle), () => LegacySignatureVerifier.Verify(legacy, Demands.For(recipe, fixture)));
    });

    private static (Recipe Recipe, Fixture Fixture) Made(Recipe recipe) => (recipe, recipe.Build());

    private static X509Certificate2 Load(byte[] der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException)
        {
            // As SigningCertificate does.
            throw new VerificationException(VerificationStage.Certificate, "certificate_malformed", "A certificate cannot be read.");
        }
    }

    private static void Typed<T>(Action read)
        where T : Exception
    {
        try
        {
            read();
        }
        catch (T e)
        {
            Refuse(refused: true, e.Message);
        }
    }

    private static void Refuse(bool refused, string? why)
    {
        if (refused)
        {
            throw new VerificationException(VerificationStage.Key, "refused", why ?? "");
        }
    }
}
