using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tests.Sigstore;

/// <summary>A bundle whose parts are in files; each file and word bad in its turn.</summary>
public sealed class BundleCheckTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-bundle-").FullName;
    private readonly BundleCheck _check;

    public BundleCheckTests()
    {
        var fixture = Recipe.Of(keyless: true, dsse: false, rekor: 1).Build();
        _check = new BundleCheck(Write("bundle", fixture.Bundle), Write("artifact", fixture.Artifact), Recipe.Identity, Recipe.Issuer, KeyPath: null, Write("root", fixture.Root), Staging: false);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Run_SoundFiles_Verifies() => Assert.Equal(Recipe.Identity, _check.Run(SigstoreWorld.Now).Certificate!.Subject);

    [Theory]
    [InlineData(null, Recipe.Issuer)]
    [InlineData("", Recipe.Issuer)]
    [InlineData(Recipe.Identity, null)]
    [InlineData(Recipe.Identity, "")]
    public void Run_EmptyIdentityOrIssuer_IsRefused(string? identity, string? issuer) => Refused(VerificationStage.Identity, "identity_empty", _check with { Identity = identity, Issuer = issuer });

    [Fact]
    public void Run_KeyFileWithoutKey_IsRefused() => Refused(VerificationStage.Key, "key_malformed", _check with { KeyPath = Write("key", "junk"u8.ToArray()) });

    [Fact]
    public void Run_FileOverTheCap_IsRefused()
    {
        var sound = File.ReadAllBytes(_check.BundlePath);
        var padded = new byte[SigstoreBundle.MaxBytes + 1];
        padded.AsSpan().Fill((byte)' ');
        sound.CopyTo(padded.AsSpan());
        Refused(VerificationStage.Bundle, "file_too_large", _check with { BundlePath = Write("large", padded) });
        Refused(VerificationStage.Key, "file_too_large", _check with { KeyPath = Write("large-key", new byte[(16 * 1024) + 1]) });
    }

    [Fact]
    public void Run_FileThatIsNotThere_IsRefused()
    {
        var absent = Path.Combine(_directory, "absent");
        Refused(VerificationStage.Bundle, "file_unreadable", _check with { BundlePath = absent });
        Refused(VerificationStage.Artifact, "file_unreadable", _check with { Artifact = absent });
        Refused(VerificationStage.TrustedRoot, "file_unreadable", _check with { TrustedRootPath = absent });
        Refused(VerificationStage.Key, "file_unreadable", _check with { KeyPath = absent });
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA")]
    [InlineData("Ed25519")]
    public void Run_ArtifactByPathOfAnyKind_IsHashedInPartsAndVerifies(string kind)
    {
        var key = kind switch { "P-256" => TestKey.P256(), "P-384" => TestKey.P384(), "P-521" => TestKey.P521(), "RSA" => TestKey.Rsa(), _ => TestKey.Ed25519() };
        var fixture = Recipe.Of(keyless: false, dsse: false, rekor: 1).With(r => (r.Key, r.Artifact) = (key, new byte[200_000])).Build();
        var check = _check with { BundlePath = Write("bundle", fixture.Bundle), Artifact = Write("artifact", fixture.Artifact), Identity = null, Issuer = null, KeyPath = Write("key", System.Text.Encoding.ASCII.GetBytes(key.Pem)) };

        Assert.NotNull(check.Run(SigstoreWorld.Now).Key);
        fixture.Artifact[150_000] = 1;
        Refused(VerificationStage.Artifact, "artifact_digest_mismatch", check with { Artifact = Write("artifact", fixture.Artifact) });
    }

    [Fact]
    public void ReadBytes_ArtifactThatChangedMeanwhile_IsRefused()
    {
        using var stream = new MemoryStream([1, 2, 3]);
        var artifact = ArtifactDigest.OfStream(stream, () => new byte[] { 1, 2, 4 });
        Assert.Equal("file_unreadable", Assert.Throws<VerificationException>(() => artifact.ReadBytes()).Code);
    }

    private static void Refused(VerificationStage stage, string code, BundleCheck check)
    {
        var e = Assert.Throws<VerificationException>(() => check.Run(SigstoreWorld.Now));
        Assert.Equal((stage, code), (e.Stage, e.Code));
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
