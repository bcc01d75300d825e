using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>A policy that was loaded without a fault, with everything that its files hold. Immutable: a decision uses one from its start to its end.</summary>
internal sealed record PolicyDocument
{
    /// <summary>SHA-256, hex, over the policy's bytes and the bytes of every file that it names.</summary>
    public required string Revision { get; init; }

    /// <summary>Registry rules in the file's order.</summary>
    public required IReadOnlyList<RegistryRule> Rules { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyDictionary<string, SandboxProfile> Profiles { get; init; }

    /// <summary>What must not run.</summary>
    public required IReadOnlySet<OciDigest> DeniedDigests { get; init; }

    /// <summary>Those that a requirement uses, by name.</summary>
    public required IReadOnlyDictionary<string, TrustedRoot> TrustRoots { get; init; }

    /// <summary>How registries are spoken to, by host.</summary>
    public required IReadOnlyDictionary<string, RegistryOptions> Hosts { get; init; }

    /// <summary>How that registry is spoken to under that rule.</summary>
    public RegistryOptions OptionsFor(string host, RegistryRule rule)
    {
        var options = Hosts.GetValueOrDefault(host, RegistryOptions.Default);
        return rule.Insecure ? options with { Insecure = true } : options;
    }

    /// <summary>Where the signatures of an image under that rule are. A rule's own plain HTTP is for the image's registry.</summary>
    public OciRepository SignaturesOf(ImageReference image, RegistryRule rule)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(rule);
        var at = rule.Signatures ?? image;
        return new OciRepository(at.Host, at.Repository, at.Host == image.Host ? OptionsFor(at.Host, rule) : Hosts.GetValueOrDefault(at.Host, RegistryOptions.Default));
    }

    /// <summary>Identifies the trust roots, also those that are no file and so not in the revision.</summary>
    public required string TrustRootsHash { get; init; }
}

/// <summary>What holds for the repositories that a pattern matches.</summary>
/// <param name="Pattern">Which.</param>
/// <param name="Insecure">Plain HTTP.</param>
/// <param name="Require">What an image must have; null when the rule denies.</param>
/// <param name="WarnOnly">True to admit what lacks it, with a warning.</param>
internal sealed record RegistryRule(RegistryPattern Pattern, bool Insecure, Requirement? Require, bool WarnOnly)
{
    /// <summary>The repository in which signatures and attestations are looked for, without tag and digest; null for the image's own.</summary>
    public ImageReference? Signatures { get; init; }
}

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

/// <summary>An attempt to load a policy.</summary>
/// <param name="Policy">Null when it has faults.</param>
/// <param name="Faults">In the order of their lines.</param>
/// <param name="Files">What was read: when none of it changes, another attempt gives the same.</param>
internal sealed record PolicyLoad(PolicyDocument? Policy, IReadOnlyList<PolicyFault> Faults, IReadOnlyList<FileStamp> Files);
