using System.Text.Json;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>What a verified bundle proves.</summary>
/// <param name="Format"><c>bundle_v0.3</c>, <c>cosign_legacy</c> and so on.</param>
/// <param name="Certificate">The signer's certificate; null when a key signed.</param>
/// <param name="VerifiedTimes">Times at which the signature provably existed; the certificate was valid at each.</param>
/// <param name="LogEntries">Log entries that were verified.</param>
/// <param name="Statement">The signed statement; null for a plain message signature.</param>
/// <param name="Key">The key that signed; null when a certificate did.</param>
internal sealed record VerifiedBundle(
    string Format,
    CertificateFacts? Certificate,
    IReadOnlyList<DateTimeOffset> VerifiedTimes,
    IReadOnlyList<LogEntryFacts> LogEntries,
    InTotoStatement? Statement,
    TrustedPublicKey? Key);

/// <summary>A log entry that was verified.</summary>
/// <param name="Log">Base address of the log, as the trusted root has it.</param>
/// <param name="LogIndex">Global index in that log.</param>
/// <param name="Kind">Kind and version, such as <c>hashedrekord 0.0.1</c>.</param>
/// <param name="IntegratedTime">When it was logged, only when the log signed for that.</param>
internal sealed record LogEntryFacts(string Log, long LogIndex, string Kind, DateTimeOffset? IntegratedTime);

/// <summary>What Fulcio's certificate says of its holder; each member is null when the extension is absent. The numbers are those under 1.3.6.1.4.1.57264.1.</summary>
/// <param name="Subject">The one subject alternative name.</param>
/// <param name="Issuer">OIDC issuer (.8, else .1).</param>
/// <param name="Fingerprint"><c>sha256:</c> and the hex digest of the certificate.</param>
/// <param name="Extensions">All text extensions, by their last number.</param>
internal sealed record CertificateFacts(string Subject, string? Issuer, string Fingerprint, IReadOnlyDictionary<int, string> Extensions)
{
    /// <summary>.9: the build's instructions: workflow URI with ref.</summary>
    public string? BuildSignerUri => Extensions.GetValueOrDefault(9);

    /// <summary>.12: the source repository's URI.</summary>
    public string? SourceRepositoryUri => Extensions.GetValueOrDefault(12);

    /// <summary>.13: the source commit's digest.</summary>
    public string? SourceRepositoryDigest => Extensions.GetValueOrDefault(13);

    /// <summary>.14: the source ref, such as <c>refs/heads/main</c>.</summary>
    public string? SourceRepositoryRef => Extensions.GetValueOrDefault(14);
}

/// <summary>An in-toto statement. Its words are the signer's alone.</summary>
/// <param name="PredicateType">URI of the predicate's type.</param>
/// <param name="Subjects">At least one.</param>
/// <param name="Predicate">Undefined when absent.</param>
internal sealed record InTotoStatement(string PredicateType, IReadOnlyList<InTotoSubject> Subjects, JsonElement Predicate);

/// <summary>One subject; <paramref name="Digests"/> maps algorithm to lower-case hex.</summary>
internal sealed record InTotoSubject(string? Name, IReadOnlyDictionary<string, string> Digests);
