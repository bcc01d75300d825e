namespace Actors.Verification.Sigstore;

/// <summary>A Sigstore bundle of version 0.1, 0.2 or 0.3: well-formed, but not verified.</summary>
internal sealed class SigstoreBundle
{
    /// <summary>Most bytes of a bundle.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Throws <see cref="VerificationException"/> (stage bundle).</summary>
    public static SigstoreBundle Parse(ReadOnlyMemory<byte> json) => throw new NotImplementedException();
}
