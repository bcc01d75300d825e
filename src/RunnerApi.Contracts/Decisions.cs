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

    /// <summary><c>sha256:</c> and 64 hex digits, computed from the manifest's bytes. Null when not resolved.</summary>
    public string? Digest { get; init; }

    /// <summary>Pattern of the registry rule that matched; null when none did.</summary>
    public string? Rule { get; init; }

    /// <summary>Stable refusal code, one of <see cref="RefusalCodes"/>; null when admitted.</summary>
    public string? Code { get; init; }

    /// <summary>One sentence that names the thing and the fix; null when admitted.</summary>
    public string? Reason { get; init; }

    /// <summary>SHA-256 of the policy file that decided, hex.</summary>
    public required string PolicyRevision { get; init; }

    /// <summary>What was checked and found, in order.</summary>
    public IReadOnlyList<DecisionEvidence> Evidence { get; init; } = [];

    /// <summary>When the decision was made, UTC.</summary>
    public required DateTimeOffset DecidedAt { get; init; }
}

/// <summary>One fact behind a decision.</summary>
/// <param name="Check">What was checked: <c>registry_rule</c>, <c>resolve</c>, <c>cosign_signature</c>, <c>profile</c>.</param>
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

    /// <summary>The registry could not be reached, timed out or refused the credentials.</summary>
    public const string RegistryUnavailable = "registry_unavailable";

    /// <summary>The registry's answer breaks the protocol: wrong digest, size, media type or over a cap.</summary>
    public const string RegistryProtocol = "registry_protocol";

    /// <summary>No signature is attached to the digest.</summary>
    public const string Unsigned = "unsigned";

    /// <summary>Signatures are attached, none of them verifies with a key of the rule for this digest.</summary>
    public const string SignatureInvalid = "signature_invalid";

    /// <summary>The launch asks for more than the profile's caps.</summary>
    public const string LimitsExceedProfile = "limits_exceed_profile";

    /// <summary>The profile's runtime is not installed on this machine.</summary>
    public const string RuntimeUnavailable = "runtime_unavailable";
}
