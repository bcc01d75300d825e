using System.Text;
using Actors.Verification.Cryptography;
using Actors.Verification.Oci;

namespace Actors.Verification.Sigstore;

/// <summary>A bundle to verify with everything that it needs in files.</summary>
/// <param name="Artifact">A path, or <c>sha256:</c> and 64 hex digits.</param>
/// <param name="Identity">Exact subject; with <paramref name="Issuer"/>, and without <paramref name="KeyPath"/>.</param>
/// <param name="TrustedRootPath">Null for the snapshot inside the program.</param>
/// <param name="Staging">Which snapshot.</param>
internal sealed record BundleCheck(string BundlePath, string Artifact, string? Identity, string? Issuer, string? KeyPath, string? TrustedRootPath, bool Staging)
{
    private const int MaxKeyBytes = 16 * 1024;
    private const int MaxArtifactBytes = 512 * 1024 * 1024;

    /// <summary>The snapshot that is trusted; null with a file.</summary>
    public TrustedRoot? Snapshot => TrustedRootPath is not null ? null : Staging ? TrustedRoot.Staging : TrustedRoot.PublicGood;

    /// <summary>Throws <see cref="VerificationException"/> for whatever does not verify, or cannot be read.</summary>
    /// <param name="now">The clock's time.</param>
    public VerifiedBundle Run(DateTimeOffset now)
    {
        var root = ReadRoot();
        var signatory = ReadSignatory(root);
        var bundle = SigstoreBundle.Parse(Read(BundlePath, SigstoreBundle.MaxBytes, VerificationStage.Bundle));
        return BundleVerifier.Verify(bundle, ReadArtifact(), new BundleDemands(signatory, root) { Now = now });
    }

    private TrustedRoot ReadRoot() => Snapshot ?? TrustedRoot.Parse(Read(TrustedRootPath!, TrustedRoot.MaxBytes, VerificationStage.TrustedRoot));

    private Signatory ReadSignatory(TrustedRoot root)
    {
        if (KeyPath is null)
        {
            return new KeylessSignatory(new CertificateIdentity(Pattern(Identity), Pattern(Issuer)), root);
        }

        var pem = Encoding.Latin1.GetString(Read(KeyPath, MaxKeyBytes, VerificationStage.Key));
        return TrustedPublicKey.TryParse(KeyPath, pem, out var key, out var fault)
            ? new KeySignatory(key)
            : throw new VerificationException(VerificationStage.Key, "key_malformed", $"The key file '{KeyPath}' {fault}.");
    }

    private static IdentityPattern Pattern(string? text) =>
        text is { Length: > 0 } ? IdentityPattern.Exact(text) : throw new VerificationException(VerificationStage.Identity, "identity_empty", "Identity and issuer must not be empty.");

    private ArtifactDigest ReadArtifact()
    {
        if (OciDigest.TryParse(Artifact.ToLowerInvariant(), out var digest))
        {
            return ArtifactDigest.Of(digest);
        }

        return Opened(Artifact, VerificationStage.Artifact, file => ArtifactDigest.OfStream(file, () => Read(Artifact, MaxArtifactBytes, VerificationStage.Artifact)));
    }

    private static byte[] Read(string path, int maxBytes, VerificationStage stage) => Opened(path, stage, file =>
    {
        using var memory = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (var read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            memory.Write(buffer, 0, memory.Length + read <= maxBytes ? read : throw new VerificationException(stage, "file_too_large", $"The file '{path}' has more than {maxBytes} bytes."));
        }

        return memory.ToArray();
    });

    private static T Opened<T>(string path, VerificationStage stage, Func<FileStream, T> read)
    {
        try
        {
            using var file = File.OpenRead(path);
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new VerificationException(stage, "file_unreadable", $"The file '{path}' cannot be read.");
        }
    }
}
