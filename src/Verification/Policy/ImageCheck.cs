using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>What resolving and verifying one image gave.</summary>
/// <param name="Digest">Null when it was not resolved.</param>
/// <param name="Code">A code of <see cref="RefusalCodes"/>; null when everything that the rule demands holds.</param>
/// <param name="Reason">The sentence to that code.</param>
/// <param name="Evidence">In order.</param>
internal sealed record ImageCheck(OciDigest? Digest, string? Code, string? Reason, IReadOnlyList<DecisionEvidence> Evidence);

/// <summary>What makes two checks the same.</summary>
/// <param name="Repository"><c>host/repository</c>.</param>
/// <param name="Selector">A digest, or a tag.</param>
/// <param name="Profile">Name.</param>
/// <param name="PolicyRevision">Of the policy that decides.</param>
/// <param name="Rule">Pattern of the matching rule.</param>
internal sealed record CheckKey(string Repository, string Selector, string Profile, string PolicyRevision, string Rule);
