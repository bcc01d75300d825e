namespace Actors.Verification.Sigstore;

/// <summary>Where signature and evidence came from; decides what evidence of logging is enough.</summary>
internal enum BundleFormat
{
    V01,
    V02,
    V03,
    CosignLegacy,
}

/// <summary>A signature with its evidence: a Sigstore bundle of version 0.1, 0.2 or 0.3, or the same from cosign's tag layout. Well-formed, but not verified.</summary>
internal sealed record SigstoreBundle
{
    /// <summary>Most bytes of a bundle.</summary>
    public const int MaxBytes = 1024 * 1024;

    public required BundleFormat Format { get; init; }

    /// <summary>DER of the signer's certificate; null when a key signed.</summary>
    public byte[]? Certificate { get; init; }

    /// <summary>DER of further certificates: hints on the way to a trusted root, no more.</summary>
    public IReadOnlyList<byte[]> Intermediates { get; init; } = [];

    public required SignedContent Content { get; init; }

    public IReadOnlyList<LogEntry> LogEntries { get; init; } = [];

    /// <summary>DER of RFC 3161 responses.</summary>
    public IReadOnlyList<byte[]> Timestamps { get; init; } = [];

    /// <summary>What the timestamps are of, when that is not the signature's bytes.</summary>
    public ReadOnlyMemory<byte>? Timestamped { get; init; }

    /// <summary>The format as evidence prints it.</summary>
    public string FormatName => Format switch
    {
        BundleFormat.V01 => "bundle_v0.1",
        BundleFormat.V02 => "bundle_v0.2",
        BundleFormat.V03 => "bundle_v0.3",
        _ => "cosign_legacy",
    };

    /// <summary>Throws <see cref="VerificationException"/> (stage bundle).</summary>
    public static SigstoreBundle Parse(ReadOnlyMemory<byte> json) => BundleReader.Read(json);
}
