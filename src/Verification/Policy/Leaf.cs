using Actors.RunnerApi.Contracts;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>One demand of a rule, a signature or an attestation, as it is put to each candidate.</summary>
/// <param name="Path">Where it stands in the rule.</param>
/// <param name="By">Who must have signed.</param>
/// <param name="Demands">For the verifier, with the type of the statement.</param>
/// <param name="Attestation">Null for a signature.</param>
internal sealed record Leaf(string Path, SignatoryRule By, BundleDemands Demands, AttestationRequirement? Attestation)
{
    /// <summary>True for an attestation.</summary>
    public bool IsAttestation => Attestation is not null;

    /// <summary>A signature: in a bundle it is a statement of its own type, so that no other statement by the same signatory passes for one.</summary>
    public static Leaf Of(SignatureRequirement signature)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return new Leaf(signature.Path, signature.By, signature.By.Demands with { PredicateType = PredicateTypes.CosignSignature }, Attestation: null);
    }

    /// <summary>An attestation of the type that the rule names.</summary>
    public static Leaf Of(AttestationRequirement attestation)
    {
        ArgumentNullException.ThrowIfNull(attestation);
        return new Leaf(attestation.Path, attestation.By, attestation.By.Demands with { PredicateType = attestation.PredicateType }, attestation);
    }

    /// <summary>Throws <see cref="VerificationException"/> unless a verified attestation says what the rule demands.</summary>
    public void RequireContent(VerifiedBundle verified)
    {
        ArgumentNullException.ThrowIfNull(verified);
        if (Attestation is null)
        {
            return;
        }

        RequireProvenance(Attestation, verified);
        RequireConditions(Attestation, verified);
    }

    private static void RequireProvenance(AttestationRequirement attestation, VerifiedBundle verified)
    {
        if (attestation.Slsa is { } slsa)
        {
            SlsaCheck.Require(slsa, verified);
        }
    }

    private static void RequireConditions(AttestationRequirement attestation, VerifiedBundle verified)
    {
        if (attestation.Conditions.Select(c => c.FaultFor(verified.Statement!.Predicate)).FirstOrDefault(f => f is not null) is { } fault)
        {
            throw new VerificationException(VerificationStage.Payload, RefusalCodes.ConditionMismatch, $"{char.ToUpperInvariant(fault[0])}{fault[1..]}.");
        }
    }
}
