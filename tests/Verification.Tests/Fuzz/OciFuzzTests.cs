using System.Net.Http.Headers;
using System.Text;
using Actors.Testing;
using Actors.Verification.Cosign;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Fuzz;

/// <summary>Damaged answers of registries and token services, and damaged payloads of signatures.</summary>
public sealed class OciFuzzTests
{
    private static readonly byte[] s_manifest = TestImages.Text("fuzz").Manifest;
    private static readonly string s_digest = RegistryPusher.DigestOf(s_manifest);
    private static readonly byte[] s_index = Encoding.UTF8.GetBytes($$$"""
        {"schemaVersion":2,"mediaType":"{{{OciMediaTypes.OciIndex}}}","manifests":[
          {"mediaType":"{{{OciMediaTypes.OciManifest}}}","digest":"{{{s_digest}}}","size":{{{s_manifest.Length}}},"platform":{"os":"linux","architecture":"amd64","variant":"v1"}},
          {"mediaType":"{{{OciMediaTypes.OciManifest}}}","digest":"{{{s_digest}}}","size":1,"artifactType":"x/y","annotations":{"a":"b"}}],
         "subject":{"mediaType":"{{{OciMediaTypes.OciManifest}}}","digest":"{{{s_digest}}}","size":3}}
        """);

    [Fact]
    public void Manifests_Damaged_AreReadOrRefused() => FuzzRun.Of(2000, mutator =>
    {
        var input = mutator.Json(s_manifest, s_index);
        return new Attempt(input, () => Walk(OciManifest.Parse("fuzz", OciMediaTypes.OciManifest, VerifiedBytes.Named(input))));
    });

    [Fact]
    public void Indexes_Damaged_AreReadOrRefused() => FuzzRun.Of(2000, mutator =>
    {
        var input = mutator.Json(s_index, s_manifest);
        return new Attempt(input, () =>
        {
            var index = OciManifest.Parse("fuzz", OciMediaTypes.OciIndex, VerifiedBytes.Named(input));
            Walk(index);
            ImageResolver.Choose(index, new OciPlatform("linux", "amd64"), "fuzz");
        });
    });

    [Fact]
    public void TokenAnswers_Damaged_AreReadOrRefused() => FuzzRun.Of(2000, mutator =>
    {
        var good = """{"token":"abc.def","access_token":"ghi","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}"""u8.ToArray();
        var input = mutator.Json(good, s_manifest);
        return new Attempt(input, () => TokenAnswer.Read("fuzz", new UncheckedBytes(input)));
    });

    [Fact]
    public void LinkHeaders_Damaged_AreReadOrRefused() => FuzzRun.Of(4000, mutator =>
    {
        var page = new Uri("https://registry.example.com/v2/a/b/referrers/" + s_digest);
        var good = $"<{page.AbsolutePath}?n=1&last=x>; rel=\"next\", <https://other.example.com/>; rel=\"prev\"";
        var input = mutator.Text(good, $"<{page}>;rel=next");
        return new Attempt(Encoding.UTF8.GetBytes(input), () => LinkHeader.Next("fuzz", page, [input]));
    });

    [Fact]
    public void Challenges_Damaged_AreReadOrNot()
    {
        for (var seed = 0; seed < FuzzRun.Rounds(4000); seed++)
        {
            var mutator = new Mutator(seed);
            const string good = "Bearer realm=\"https://auth.example.com/token\",service=\"registry.example.com\",scope=\"repository:a/b:pull\"";
            var input = mutator.Text(good, "Basic realm=x");
            if (!AuthenticationHeaderValue.TryParse(input, out var header))
            {
                continue;
            }

            var fault = Record.Exception(() =>
            {
                if (AuthChallenge.Choose([header]) is { IsBearer: true } challenge)
                {
                    AuthRealm.Require(new OciRepository("registry.example.com", "a/b"), challenge.Realm);
                }
            });

            Assert.True(fault is null or RegistryException, $"seed {seed}: {fault}");
        }
    }

    [Fact]
    public void References_Damaged_AreReadOrNot()
    {
        for (var seed = 0; seed < FuzzRun.Rounds(4000); seed++)
        {
            var text = new Mutator(seed).Text($"registry.example.com:5000/a/b_c:v1.0@{s_digest}", "docker.io/library/x");

            if (ImageReference.TryParse(text, out var reference, out var fault))
            {
                Assert.True(ImageReference.TryParse(reference.ToString(), out var again, out _) && again == reference, $"seed {seed}");
            }
            else
            {
                Assert.NotEmpty(fault);
            }
        }
    }

    [Fact]
    public void SimpleSigningPayloads_Damaged_AreReadOrRefused() => FuzzRun.Of(2000, mutator =>
    {
        Assert.True(OciDigest.TryParse(s_digest, out var digest));
        var input = mutator.Json(CosignTestSigner.PayloadOf(s_digest), s_manifest);
        return new Attempt(input, () => SimpleSigningPayload.Require(digest, input));
    });

    private static void Walk(OciManifest manifest)
    {
        foreach (var layer in manifest.Layers)
        {
            layer?.Annotation("a");
        }

        Assert.NotEqual("", manifest.ArtifactType + "x" + manifest.Subject);
    }
}
