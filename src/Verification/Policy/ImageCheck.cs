using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>What resolving and verifying one image gave.</summary>
/// <param name="Digest">Of the manifest that runs; null when the image was not resolved.</param>
/// <param name="Refusal">Null when everything that the rule demands holds.</param>
/// <param name="Evidence">In order.</param>
/// <param name="LacksOnlyDemands">True when the refusal is for want of what the rule demands: a rule that only warns admits it.</param>
internal sealed record ImageCheck(OciDigest? Digest, Refusal? Refusal, IReadOnlyList<DecisionEvidence> Evidence, bool LacksOnlyDemands = false);

/// <summary>What makes two checks the same.</summary>
/// <param name="Repository"><c>host/repository</c>.</param>
/// <param name="Selector">A digest, or a tag.</param>
/// <param name="Profile">Name.</param>
/// <param name="PolicyRevision">Of the policy that decides.</param>
/// <param name="TrustRoots">Hash over its trust roots.</param>
/// <param name="Rule">Pattern of the matching rule.</param>
/// <param name="Platform">Which child of an index runs.</param>
internal sealed record CheckKey(string Repository, string Selector, string Profile, string PolicyRevision, string TrustRoots, string Rule, OciPlatform Platform);

/// <summary>An image to be checked.</summary>
/// <param name="Image">Parsed.</param>
/// <param name="Profile">Name.</param>
/// <param name="Policy">The policy that decides.</param>
/// <param name="Rule">Its matching rule, which has a requirement.</param>
/// <param name="Platform">Which child of an index runs.</param>
internal sealed record CheckRequest(ImageReference Image, string Profile, PolicyDocument Policy, RegistryRule Rule, OciPlatform Platform)
{
    /// <summary>Where the image is, with the settings of its registry.</summary>
    public OciRepository Repository { get; } = new(Image.Host, Image.Repository, Policy.OptionsFor(Image.Host, Rule));

    /// <summary>Where its signatures are, with the settings of that registry.</summary>
    public OciRepository Signatures { get; } = Policy.SignaturesOf(Image, Rule);

    /// <summary>Of the reference as it was asked for.</summary>
    public CheckKey Key => KeyOf(Image.Digest?.ToString() ?? Image.Tag!);

    /// <summary>Of a digest.</summary>
    public CheckKey KeyOf(string selector) => new(Image.Name, selector, Profile, Policy.Revision, Policy.TrustRootsHash, Rule.Pattern.Text, Platform);
}
