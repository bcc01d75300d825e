using System.Globalization;
using System.Security.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Keys and certificates of the certificate authorities, logs and timestamp authorities that are trusted. Immutable and safe to share.</summary>
internal sealed class TrustedRoot
{
    /// <summary>Most bytes of a trusted root.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>A snapshot that is older than this is worth a warning: its authorities and logs may have been replaced.</summary>
    public static readonly TimeSpan OldestSnapshot = TimeSpan.FromDays(120);

    private static readonly Lazy<TrustedRoot> LazyPublicGood = new(() => Embedded("trusted_root.public-good.json", "2026-03-18"));
    private static readonly Lazy<TrustedRoot> LazyStaging = new(() => Embedded("trusted_root.staging.json", "2026-01-14"));

    internal TrustedRoot(string sha256, IReadOnlyList<TrustedLog> logs, IReadOnlyList<TrustedLog> certificateLogs, IReadOnlyList<TrustedAuthority> certificateAuthorities, IReadOnlyList<TrustedAuthority> timestampAuthorities)
    {
        Sha256 = sha256;
        Logs = logs;
        CertificateLogs = certificateLogs;
        CertificateAuthorities = certificateAuthorities;
        TimestampAuthorities = timestampAuthorities;
    }

    /// <summary>Sigstore's public-good instance, as a snapshot inside the program.</summary>
    public static TrustedRoot PublicGood => LazyPublicGood.Value;

    /// <summary>Sigstore's staging instance, as a snapshot inside the program.</summary>
    public static TrustedRoot Staging => LazyStaging.Value;

    /// <summary>Lower-case hex digest of the bytes.</summary>
    public string Sha256 { get; }

    /// <summary>When the snapshot was taken; null for a root from a file.</summary>
    public DateTimeOffset? SnapshotAt { get; private init; }

    /// <summary>True for a snapshot that is older than <see cref="OldestSnapshot"/>.</summary>
    public bool IsOld(DateTimeOffset now) => now - SnapshotAt > OldestSnapshot;

    /// <summary>Transparency logs (Rekor).</summary>
    public IReadOnlyList<TrustedLog> Logs { get; }

    /// <summary>Certificate transparency logs.</summary>
    public IReadOnlyList<TrustedLog> CertificateLogs { get; }

    /// <summary>Authorities that issue signers' certificates (Fulcio).</summary>
    public IReadOnlyList<TrustedAuthority> CertificateAuthorities { get; }

    public IReadOnlyList<TrustedAuthority> TimestampAuthorities { get; }

    /// <summary>Throws <see cref="VerificationException"/> (stage trusted_root).</summary>
    public static TrustedRoot Parse(ReadOnlyMemory<byte> json) => TrustedRootReader.Read(json);

    private static TrustedRoot Embedded(string name, string date)
    {
        using var stream = typeof(TrustedRoot).Assembly.GetManifestResourceStream($"Actors.Verification.Sigstore.{name}") ?? throw new InvalidOperationException($"The program lacks its resource {name}.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var root = Parse(memory.ToArray());
        return new TrustedRoot(root.Sha256, root.Logs, root.CertificateLogs, root.CertificateAuthorities, root.TimestampAuthorities)
        {
            SnapshotAt = DateTimeOffset.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        };
    }

    internal static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
