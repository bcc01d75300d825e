using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>What a rule demands of an image.</summary>
/// <param name="Path">Where it stands in the rule, such as <c>all[1].any[0]</c>; names it in evidence.</param>
internal abstract record Requirement(string Path);

/// <summary>All of the items, or at least one of them; never empty.</summary>
internal sealed record RequirementGroup(string Path, bool All, IReadOnlyList<Requirement> Items) : Requirement(Path);

/// <summary>A signature over the image.</summary>
internal sealed record SignatureRequirement(string Path, SignatoryRule By) : Requirement(Path);

/// <summary>A signed in-toto statement about the image.</summary>
/// <param name="Path">See <see cref="Requirement"/>.</param>
/// <param name="PredicateType">The statement's type, compared exactly.</param>
/// <param name="By">Who must have signed it.</param>
/// <param name="Slsa">What its SLSA provenance must say; null when it need not be one.</param>
/// <param name="Conditions">What its predicate must say; all must hold.</param>
internal sealed record AttestationRequirement(string Path, string PredicateType, SignatoryRule By, SlsaRule? Slsa, IReadOnlyList<Condition> Conditions) : Requirement(Path);

/// <summary>Who must have signed, as the policy names them.</summary>
/// <param name="Name">For messages: the key's file, or the identity and its issuer.</param>
/// <param name="Id">Equal for two that demand the same.</param>
/// <param name="Demands">For the verifier.</param>
/// <param name="Root">Trust root; null for a key without a transparency log.</param>
internal sealed record SignatoryRule(string Name, string Id, BundleDemands Demands, TrustedRoot? Root);

/// <summary>Demands on SLSA provenance; a list or pattern that is null demands nothing.</summary>
/// <param name="BuilderIds">Allowed builders; never empty.</param>
/// <param name="BuildTypes">Allowed build types.</param>
/// <param name="SourceRepository">Where the source is from.</param>
/// <param name="SourceRef">Which branch or tag.</param>
internal sealed record SlsaRule(IReadOnlyList<string> BuilderIds, IReadOnlyList<string>? BuildTypes, string? SourceRepository, IdentityPattern? SourceRef);
