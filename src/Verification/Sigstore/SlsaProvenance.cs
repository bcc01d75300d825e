namespace Actors.Verification.Sigstore;

/// <summary>What an SLSA provenance v1 predicate says: the signer's word alone, so compare it with the certificate.</summary>
/// <param name="BuilderId"><c>runDetails.builder.id</c>.</param>
/// <param name="BuildType"><c>buildDefinition.buildType</c>.</param>
/// <param name="SourceRepository"><c>externalParameters.workflow.repository</c> or the source's URI; null when neither is there.</param>
/// <param name="SourceRef"><c>externalParameters.workflow.ref</c>; null when absent.</param>
internal sealed record SlsaProvenance(string BuilderId, string BuildType, string? SourceRepository, string? SourceRef)
{
    public const string PredicateType = "https://slsa.dev/provenance/v1";

    /// <summary>Reads the predicate. Throws <see cref="VerificationException"/> (stage payload).</summary>
    public static SlsaProvenance Of(InTotoStatement statement) => throw new NotImplementedException();

    /// <summary>Throws <see cref="VerificationException"/> (stage payload) unless repository, ref and builder are those that the certificate names.</summary>
    public void DemandAgreement(CertificateFacts certificate) => throw new NotImplementedException();
}
