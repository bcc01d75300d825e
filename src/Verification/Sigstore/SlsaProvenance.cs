using System.Text.Json;

namespace Actors.Verification.Sigstore;

/// <summary>What an SLSA provenance v1 predicate says: the signer's word alone, so compare it with the certificate.</summary>
/// <param name="BuilderId"><c>runDetails.builder.id</c>.</param>
/// <param name="BuildType"><c>buildDefinition.buildType</c>.</param>
/// <param name="SourceRepository"><c>externalParameters.workflow.repository</c>, else the part of <c>externalParameters.source</c> (its <c>uri</c> or itself) before <c>@</c>; null when neither is there.</param>
/// <param name="SourceRef"><c>externalParameters.workflow.ref</c>, else the part after <c>@</c>; null when absent.</param>
internal sealed record SlsaProvenance(string BuilderId, string BuildType, string? SourceRepository, string? SourceRef)
{
    public const string PredicateType = "https://slsa.dev/provenance/v1";
    private const string Malformed = "provenance_malformed";

    /// <summary>Reads the predicate. Throws <see cref="VerificationException"/> (stage payload).</summary>
    public static SlsaProvenance Of(InTotoStatement statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ContentVerifier.DemandPredicateType(statement, PredicateType);
        var predicate = JsonCursor.Over(statement.Predicate, "provenance", VerificationStage.Payload, Malformed);
        var definition = predicate.Required("buildDefinition");
        var (repository, reference) = ReadSource(definition.Optional("externalParameters"));
        return new SlsaProvenance(
            predicate.Required("runDetails").Required("builder").Required("id").Text(),
            definition.Required("buildType").Text(),
            repository,
            reference);
    }

    /// <summary>Throws <see cref="VerificationException"/> (stage payload) unless builder, repository and ref are those that the certificate names (.9, .12, .14).</summary>
    public void DemandAgreement(CertificateFacts certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        DemandBuilder(certificate);
        DemandRepository(certificate);
        DemandRef(certificate);
    }

    // The builder is the workflow that the certificate names, with or without its ref, or the service that runs it (not in the certificate).
    private void DemandBuilder(CertificateFacts certificate)
    {
        var signer = certificate.BuildSignerUri ?? throw Fault("builder_mismatch", $"The provenance names builder '{BuilderId}', the certificate none.");
        if (BuilderId.Contains("/.github/workflows/", StringComparison.Ordinal) && BuilderId != signer && BuilderId != signer.Split('@')[0])
        {
            throw Fault("builder_mismatch", $"The provenance names builder '{BuilderId}', the certificate '{signer}'.");
        }
    }

    private void DemandRepository(CertificateFacts certificate)
    {
        if (SourceRepository is null || SourceRepository != certificate.SourceRepositoryUri)
        {
            throw Fault("source_repository_mismatch", $"The provenance names repository '{SourceRepository}', the certificate '{certificate.SourceRepositoryUri}'.");
        }
    }

    private void DemandRef(CertificateFacts certificate)
    {
        if (SourceRef is null || SourceRef != certificate.SourceRepositoryRef)
        {
            throw Fault("source_ref_mismatch", $"The provenance names ref '{SourceRef}', the certificate '{certificate.SourceRepositoryRef}'.");
        }
    }

    private static (string? Repository, string? Ref) ReadSource(JsonCursor? parameters)
    {
        if (parameters?.Optional("workflow") is { } workflow)
        {
            return (workflow.Optional("repository")?.Text(), workflow.Optional("ref")?.Text());
        }

        if (parameters?.Optional("source") is not { } source)
        {
            return (null, null);
        }

        var uri = (source.Element.ValueKind == JsonValueKind.Object ? source.Required("uri") : source).Text();
        uri = uri.StartsWith("git+", StringComparison.Ordinal) ? uri["git+".Length..] : uri;
        var at = uri.LastIndexOf('@');
        return at < 0 ? (uri, null) : (uri[..at], uri[(at + 1)..]);
    }

    private static VerificationException Fault(string code, string message) => new(VerificationStage.Payload, code, message);
}
