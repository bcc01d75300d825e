namespace Actors.Verification.Sigstore;

/// <summary>Keys and certificates of the certificate authorities, logs and timestamp authorities that are trusted. Immutable and safe to share.</summary>
internal sealed class TrustedRoot
{
    /// <summary>Most bytes of a trusted root.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Sigstore's public-good instance, as a snapshot inside the program.</summary>
    public static TrustedRoot PublicGood => throw new NotImplementedException();

    /// <summary>Sigstore's staging instance, as a snapshot inside the program.</summary>
    public static TrustedRoot Staging => throw new NotImplementedException();

    /// <summary>Lower-case hex digest of the bytes.</summary>
    public string Sha256 => throw new NotImplementedException();

    /// <summary>When the snapshot was taken; null for a root from a file.</summary>
    public DateTimeOffset? SnapshotAt => throw new NotImplementedException();

    /// <summary>Throws <see cref="VerificationException"/> (stage trusted_root).</summary>
    public static TrustedRoot Parse(ReadOnlyMemory<byte> json) => throw new NotImplementedException();
}
