using Actors.Verification.Cosign;

namespace Actors.Verification.Policy;

/// <summary>A policy file that was loaded without a fault, with its keys.</summary>
/// <param name="Revision">SHA-256, hex, over the file's bytes and the bytes of every key file.</param>
/// <param name="Rules">Registry rules in the file's order.</param>
/// <param name="Profiles">By name.</param>
internal sealed record PolicyDocument(string Revision, IReadOnlyList<RegistryRule> Rules, IReadOnlyDictionary<string, SandboxProfile> Profiles);

/// <summary>What holds for the repositories that a pattern matches.</summary>
/// <param name="Pattern">Which.</param>
/// <param name="Insecure">Plain HTTP.</param>
/// <param name="Require">What an image must have; null when the rule denies.</param>
internal sealed record RegistryRule(RegistryPattern Pattern, bool Insecure, SignatureRequirement? Require);

/// <summary>Demands on an image's signatures.</summary>
/// <param name="AnyKey">A signature by one of these keys is enough; never empty.</param>
internal sealed record SignatureRequirement(IReadOnlyList<TrustedKey> AnyKey);

/// <summary>One thing that is wrong with a policy.</summary>
/// <param name="File">Path of the policy file as it was given.</param>
/// <param name="Line">From 1; 0 for the file as a whole.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Fix">What to do.</param>
internal sealed record PolicyFault(string File, int Line, string Problem, string Fix)
{
    /// <inheritdoc/>
    public override string ToString() => Line == 0 ? $"{File}: {Problem} {Fix}" : $"{File}:{Line}: {Problem} {Fix}";
}

/// <summary>A policy that cannot be used, with every fault that was found.</summary>
internal sealed class PolicyException(IReadOnlyList<PolicyFault> faults)
    : Exception($"The policy has {faults.Count} fault(s):{Environment.NewLine}{string.Join(Environment.NewLine, faults)}")
{
    /// <summary>In the order of their lines.</summary>
    public IReadOnlyList<PolicyFault> Faults { get; } = faults;
}
