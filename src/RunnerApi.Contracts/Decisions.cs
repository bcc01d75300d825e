namespace Actors.RunnerApi.Contracts;

/// <summary>Body of <c>POST /decisions</c>: may this image run under this profile?</summary>
/// <param name="Image">OCI reference as written by the workflow's author, by tag or by digest.</param>
/// <param name="Profile">Name of a profile in the policy.</param>
public sealed record DecisionRequest(string Image, string Profile);

/// <summary>The policy gate's answer. When not admitted, <see cref="Code"/> and <see cref="Reason"/> say why; what was learned up to that point is filled in.</summary>
public sealed record Decision
{
    /// <summary>True when the image may be launched by <see cref="Reference"/>.</summary>
    public required bool Admitted { get; init; }

    /// <summary>The reference that was asked about.</summary>
    public required string Image { get; init; }

    /// <summary>The profile that was asked about.</summary>
    public required string Profile { get; init; }

    /// <summary><c>host/repository@sha256:…</c>: the only thing that is ever launched. Null when the image was not resolved.</summary>
    public string? Reference { get; init; }

    /// <summary><c>sha256:</c> and 64 hex digits of <see cref="Reference"/>: of the manifest that runs, so of an index's child for the platform. Null when not resolved.</summary>
    public string? Digest { get; init; }

    /// <summary>Pattern of the registry rule that matched; null when none did.</summary>
    public string? Rule { get; init; }

    /// <summary>Stable refusal code, one of <see cref="RefusalCodes"/>; null when admitted.</summary>
    public string? Code { get; init; }

    /// <summary>One sentence that names the thing and the fix; null when admitted.</summary>
    public string? Reason { get; init; }

    /// <summary>SHA-256 of the policy that decided, hex: its file and those that it names.</summary>
    public required string PolicyRevision { get; init; }

    /// <summary>What was checked and found, in order.</summary>
    public IReadOnlyList<DecisionEvidence> Evidence { get; init; } = [];

    /// <summary>When the decision was made, UTC.</summary>
    public required DateTimeOffset DecidedAt { get; init; }
}

/// <summary>One fact behind a decision.</summary>
/// <param name="Check">What was checked: <c>registry_rule</c>, <c>profile</c>, <c>resolve</c>, <c>deny_list</c>, <c>signature</c>, <c>attestation</c>, <c>mode</c>.</param>
/// <param name="Passed">Whether the check held.</param>
/// <param name="Facts">Names and values, such as <c>key</c>, <c>format</c>, <c>manifest</c>.</param>
public sealed record DecisionEvidence(string Check, bool Passed, IReadOnlyDictionary<string, string> Facts);

/// <summary>Stable codes of refusals.</summary>
public static class RefusalCodes
{
    /// <summary>The reference does not parse.</summary>
    public const string InvalidReference = "invalid_reference";

    /// <summary>No registry rule matches, or the matching rule denies.</summary>
    public const string RegistryNotAllowed = "registry_not_allowed";

    /// <summary>The policy has no profile of that name.</summary>
    public const string UnknownProfile = "unknown_profile";

    /// <summary>The registry has no such manifest.</summary>
    public const string ImageNotFound = "image_not_found";

    /// <summary>The image has nothing for the platform.</summary>
    public const string PlatformMissing = "platform_missing";

    /// <summary>The registry could not be reached or timed out.</summary>
    public const string RegistryUnavailable = "registry_unavailable";

    /// <summary>The registry wants credentials, or other ones.</summary>
    public const string RegistryUnauthorized = "registry_unauthorized";

    /// <summary>The registry's answer breaks the protocol: wrong digest, size, media type or over a cap.</summary>
    public const string RegistryProtocol = "registry_protocol";

    /// <summary>No signature is attached to the digest.</summary>
    public const string Unsigned = "unsigned";

    /// <summary>The policy's deny list names the digest.</summary>
    public const string DigestDenied = "digest_denied";

    /// <summary>No attestation is attached to the digest.</summary>
    public const string AttestationMissing = "attestation_missing";

    /// <summary>What is attached is malformed, or not by a signatory of the rule.</summary>
    public const string SignatureInvalid = "signature_invalid";

    /// <summary>The signatory's certificate does not lead to the trust root, or is no code-signing certificate that was publicly logged.</summary>
    public const string CertificateInvalid = "certificate_invalid";

    /// <summary>The certificate was not valid when it signed.</summary>
    public const string CertificateExpired = "certificate_expired";

    /// <summary>Signed by another identity than the rule names.</summary>
    public const string IdentityMismatch = "identity_mismatch";

    /// <summary>The identity was vouched for by another issuer than the rule names.</summary>
    public const string IssuerMismatch = "issuer_mismatch";

    /// <summary>The rule demands a transparency log, and there is no entry.</summary>
    public const string TransparencyLogMissing = "transparency_log_missing";

    /// <summary>The log entry does not verify, or is about something else.</summary>
    public const string TransparencyLogInvalid = "transparency_log_invalid";

    /// <summary>No time of signing can be trusted.</summary>
    public const string TimestampInvalid = "timestamp_invalid";

    /// <summary>What is signed is about another image.</summary>
    public const string DigestMismatch = "digest_mismatch";

    /// <summary>What is signed is a statement of another type, such as an attestation in place of a signature.</summary>
    public const string PredicateTypeMismatch = "predicate_type_mismatch";

    /// <summary>The provenance names another builder, build type or source than the rule, or than its signer's certificate.</summary>
    public const string ProvenanceMismatch = "provenance_mismatch";

    /// <summary>The attestation does not say what the rule's conditions demand.</summary>
    public const string ConditionMismatch = "condition_mismatch";

    /// <summary>The launch asks for more than the profile's caps.</summary>
    public const string LimitsExceedProfile = "limits_exceed_profile";

    /// <summary>It is not proven that the profile's sandboxes isolate; <c>GET /isolation</c> says what failed.</summary>
    public const string IsolationUnproven = "isolation_unproven";

    /// <summary>The profile's runtime is not installed on this machine.</summary>
    public const string RuntimeUnavailable = "runtime_unavailable";

    /// <summary>The profile allows targets, and this runner cannot open them.</summary>
    public const string EgressUnavailable = "egress_unavailable";
}
