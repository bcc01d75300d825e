namespace Actors.Verification.Policy;

/// <summary>Predicate types that the gate itself knows.</summary>
internal static class PredicateTypes
{
    /// <summary>Of a bundle that is a signature, not an attestation.</summary>
    public const string CosignSignature = "https://sigstore.dev/cosign/sign/v1";
}
