namespace Actors.Verification.Policy;

/// <summary>Predicate types that the gate itself knows.</summary>
internal static class PredicateTypes
{
    /// <summary>Of a bundle that is a signature, not an attestation.</summary>
    public const string CosignSignature = "https://sigstore.dev/cosign/sign/v1";

    /// <summary>SLSA provenance, version 1.</summary>
    public const string SlsaV1 = "https://slsa.dev/provenance/v1";

    /// <summary>SLSA provenance, version 0.2.</summary>
    public const string SlsaV02 = "https://slsa.dev/provenance/v0.2";

    /// <summary>True for provenance whose fields the gate can read.</summary>
    public static bool IsSlsa(string type) => type is SlsaV1 or SlsaV02;
}
