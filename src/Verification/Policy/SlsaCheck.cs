using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Compares SLSA provenance with the policy. Where a certificate tells of the build, its word counts and the provenance must agree with it.</summary>
internal static class SlsaCheck
{
    /// <summary>Throws <see cref="VerificationException"/> unless the provenance is as demanded.</summary>
    public static void Require(SlsaRule rule, VerifiedBundle verified)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(verified);
        var provenance = SlsaProvenance.Of(verified.Statement!);
        RequireBuilder(rule, provenance);
        RequireBuildType(rule, provenance);
        RequireAgreement(provenance, verified.Certificate);
        RequireRepository(rule, verified.Certificate is { } signer ? signer.SourceRepositoryUri : provenance.SourceRepository);
        RequireRef(rule, verified.Certificate is { } holder ? holder.SourceRepositoryRef : provenance.SourceRef);
    }

    private static void RequireBuilder(SlsaRule rule, SlsaProvenance provenance)
    {
        if (!rule.BuilderIds.Contains(provenance.BuilderId, StringComparer.Ordinal))
        {
            throw NotAllowed("builder_not_allowed", $"It was built by '{provenance.BuilderId}', which is none of the rule's builder_ids.");
        }
    }

    private static void RequireBuildType(SlsaRule rule, SlsaProvenance provenance)
    {
        if (rule.BuildTypes?.Contains(provenance.BuildType, StringComparer.Ordinal) == false)
        {
            throw NotAllowed("build_type_not_allowed", $"Its build type is '{provenance.BuildType}', which is none of the rule's build_types.");
        }
    }

    private static void RequireAgreement(SlsaProvenance provenance, CertificateFacts? certificate)
    {
        if (certificate is not null)
        {
            provenance.DemandAgreement(certificate);
        }
    }

    private static void RequireRepository(SlsaRule rule, string? repository)
    {
        if (rule.SourceRepository is { } wanted && repository != wanted)
        {
            throw NotAllowed("source_repository_not_allowed", $"It was built from '{repository ?? "no known repository"}', not from '{wanted}'.");
        }
    }

    private static void RequireRef(SlsaRule rule, string? reference)
    {
        if (rule.SourceRef is { } wanted && (reference is null || !wanted.Matches(reference)))
        {
            throw NotAllowed("source_ref_not_allowed", $"It was built from the ref '{reference ?? "none"}', not from '{wanted}'.");
        }
    }

    private static VerificationException NotAllowed(string code, string message) => new(VerificationStage.Payload, code, message);
}
