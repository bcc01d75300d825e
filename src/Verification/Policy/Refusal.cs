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
    public static string CodeOf(VerificationException e) => e.Stage switch
    {
        VerificationStage.Identity => Has(e, "issuer") ? RefusalCodes.IssuerMismatch : RefusalCodes.IdentityMismatch,
        VerificationStage.Certificate => Has(e, "expired") ? RefusalCodes.CertificateExpired : RefusalCodes.CertificateInvalid,
        VerificationStage.SignedCertificateTimestamp => RefusalCodes.CertificateInvalid,
        VerificationStage.TransparencyLog => e.Code == "log_entry_missing" ? RefusalCodes.TransparencyLogMissing : RefusalCodes.TransparencyLogInvalid,
        VerificationStage.Timestamp => RefusalCodes.TimestampInvalid,
        VerificationStage.Artifact => RefusalCodes.DigestMismatch,
        VerificationStage.Payload when e.Code is RefusalCodes.PredicateTypeMismatch or RefusalCodes.ConditionMismatch => e.Code,
        VerificationStage.Payload when Has(e, "provenance_") || Has(e, "source_") || Has(e, "build") => RefusalCodes.ProvenanceMismatch,
        _ => RefusalCodes.SignatureInvalid,
    };

    private static bool Has(VerificationException e, string word) => e.Code.Contains(word, StringComparison.Ordinal);
}
