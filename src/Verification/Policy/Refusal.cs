using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Why something is refused.</summary>
/// <param name="Code">A code of <see cref="RefusalCodes"/>.</param>
/// <param name="Reason">One sentence that names the thing and the fix.</param>
internal sealed record Refusal(string Code, string Reason)
{
    /// <summary>Codes of a signatory's failures; one that stands later got further, so it says more of what is wrong with the image.</summary>
    private static readonly IReadOnlyList<string> ByProgress =
    [
        RefusalCodes.Unsigned,
        RefusalCodes.AttestationMissing,
        RefusalCodes.RegistryProtocol,
        RefusalCodes.SignatureInvalid,
        RefusalCodes.CertificateInvalid,
        RefusalCodes.TimestampInvalid,
        RefusalCodes.TransparencyLogInvalid,
        RefusalCodes.TransparencyLogMissing,
        RefusalCodes.CertificateExpired,
        RefusalCodes.DigestMismatch,
        RefusalCodes.IssuerMismatch,
        RefusalCodes.IdentityMismatch,
        RefusalCodes.PredicateTypeMismatch,
        RefusalCodes.ProvenanceMismatch,
        RefusalCodes.ConditionMismatch,

        // The good one may be what could not be had.
        RefusalCodes.RegistryUnauthorized,
        RefusalCodes.RegistryUnavailable,
    ];

    /// <summary>For every stage, what a failure of it says.</summary>
    internal static readonly IReadOnlyDictionary<VerificationStage, string> ByStage = new Dictionary<VerificationStage, string>
    {
        [VerificationStage.TrustedRoot] = RefusalCodes.SignatureInvalid,
        [VerificationStage.Bundle] = RefusalCodes.SignatureInvalid,
        [VerificationStage.Key] = RefusalCodes.SignatureInvalid,
        [VerificationStage.Signature] = RefusalCodes.SignatureInvalid,
        [VerificationStage.Payload] = RefusalCodes.SignatureInvalid,
        [VerificationStage.Timestamp] = RefusalCodes.TimestampInvalid,
        [VerificationStage.TransparencyLog] = RefusalCodes.TransparencyLogInvalid,
        [VerificationStage.Certificate] = RefusalCodes.CertificateInvalid,
        [VerificationStage.SignedCertificateTimestamp] = RefusalCodes.CertificateInvalid,
        [VerificationStage.Identity] = RefusalCodes.IdentityMismatch,
        [VerificationStage.Artifact] = RefusalCodes.DigestMismatch,
    };

    /// <summary>Checks that say something else than their stage.</summary>
    internal static readonly IReadOnlyDictionary<string, string> ByCheck = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["issuer_mismatch"] = RefusalCodes.IssuerMismatch,
        ["certificate_expired_at_signing"] = RefusalCodes.CertificateExpired,
        ["log_entry_missing"] = RefusalCodes.TransparencyLogMissing,
        ["artifact_bytes_needed"] = RefusalCodes.SignatureInvalid,
        ["predicate_type_mismatch"] = RefusalCodes.PredicateTypeMismatch,
        ["condition_mismatch"] = RefusalCodes.ConditionMismatch,
        ["provenance_malformed"] = RefusalCodes.ProvenanceMismatch,
        ["builder_mismatch"] = RefusalCodes.ProvenanceMismatch,
        ["source_repository_mismatch"] = RefusalCodes.ProvenanceMismatch,
        ["source_ref_mismatch"] = RefusalCodes.ProvenanceMismatch,
        ["builder_not_allowed"] = RefusalCodes.ProvenanceMismatch,
        ["build_type_not_allowed"] = RefusalCodes.ProvenanceMismatch,
        ["source_repository_not_allowed"] = RefusalCodes.ProvenanceMismatch,
        ["source_ref_not_allowed"] = RefusalCodes.ProvenanceMismatch,
    };

    /// <summary>Higher when more was in order before this failed.</summary>
    public int Progress => ByProgress.TakeWhile(c => c != Code).Count();

    /// <summary>The code for a registry's failure.</summary>
    public static string CodeOf(RegistryFault fault) => fault switch
    {
        RegistryFault.NotFound => RefusalCodes.ImageNotFound,
        RegistryFault.Unavailable or RegistryFault.Deadline => RefusalCodes.RegistryUnavailable,
        RegistryFault.Unauthorized or RegistryFault.Credentials => RefusalCodes.RegistryUnauthorized,
        RegistryFault.NoPlatform => RefusalCodes.PlatformMissing,
        _ => RefusalCodes.RegistryProtocol,
    };

    /// <summary>The code for one candidate that could not be had: one that is not there, or is other content, is no signature; one that may be good but is out of reach is told apart.</summary>
    public static string CodeOfCandidate(RegistryFault fault) =>
        CodeOf(fault) is RefusalCodes.RegistryUnavailable or RefusalCodes.RegistryUnauthorized ? CodeOf(fault) : RefusalCodes.SignatureInvalid;

    /// <summary>The code for a candidate that does not verify.</summary>
    public static string CodeOf(VerificationException e) => ByCheck.GetValueOrDefault(e.Code) ?? ByStage[e.Stage];
}
