using Actors.RunnerApi.Contracts;
using Actors.Verification.Cosign;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Checks a rule's requirement for one image. The first candidate that meets a demand settles it, wherever it stands; those that do not are evidence only.</summary>
internal sealed class RequirementChecker(Attachments attachments, string name, OciDigest image, TimeProvider time)
{
    private static readonly AttachmentLayout[] SignatureLayouts = [AttachmentLayout.SignatureTag, AttachmentLayout.Bundles];
    private static readonly AttachmentLayout[] AttestationLayouts = [AttachmentLayout.AttestationTag, AttachmentLayout.Bundles];

    /// <summary>What was looked at so far.</summary>
    public CandidateEvidence Evidence { get; } = new();

    /// <summary>Why the image does not meet the requirement; null when it does.</summary>
    public Task<Refusal?> CheckAsync(Requirement requirement, CancellationToken cancellationToken) => requirement switch
    {
        RequirementGroup { All: true } group => CheckAllAsync(group, cancellationToken),
        RequirementGroup group => CheckAnyAsync(group, cancellationToken),
        SignatureRequirement signature => CheckLeafAsync(Leaf.Of(signature), SignatureLayouts, cancellationToken),
        AttestationRequirement attestation => CheckLeafAsync(Leaf.Of(attestation), AttestationLayouts, cancellationToken),
        _ => throw new InvalidOperationException($"Requirement {requirement.GetType().Name} is not known."),
    };

    private async Task<Refusal?> CheckAllAsync(RequirementGroup group, CancellationToken cancellationToken)
    {
        foreach (var item in group.Items)
        {
            if (await CheckAsync(item, cancellationToken) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private async Task<Refusal?> CheckAnyAsync(RequirementGroup group, CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        foreach (var item in group.Items)
        {
            if (await CheckAsync(item, cancellationToken) is not { } refusal)
            {
                return null;
            }

            refusals.Add(refusal);
        }

        var nearest = refusals.MaxBy(r => r.Progress)!;
        return refusals.Count == 1 ? nearest : nearest with { Reason = $"{nearest.Reason} None of the {refusals.Count} alternatives of the rule holds; this one came nearest." };
    }

    private async Task<Refusal?> CheckLeafAsync(Leaf leaf, AttachmentLayout[] layouts, CancellationToken cancellationToken)
    {
        var failures = new List<Refusal>();
        foreach (var layout in layouts)
        {
            foreach (var candidate in await attachments.ListAsync(layout, cancellationToken))
            {
                var (met, failure) = await TryAsync(leaf, candidate, cancellationToken);
                if (met)
                {
                    return null;
                }

                if (failure is not null)
                {
                    failures.Add(failure);
                }
            }
        }

        return Nearest(leaf, failures);
    }

    private async Task<(bool Met, Refusal? Failure)> TryAsync(Leaf leaf, Candidate candidate, CancellationToken cancellationToken)
    {
        // What was fetched for one demand is verified for the next without a wait that the deadline could end.
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (await candidate.VerifyAsync(image, leaf.Demands with { Now = time.GetUtcNow() }, cancellationToken) is not { } verified)
            {
                return (false, null);
            }

            leaf.RequireContent(verified);
            Evidence.Passed(leaf, candidate, verified);
            return (true, null);
        }
        catch (VerificationException e)
        {
            Evidence.Failed(leaf, candidate, e.StageName, e.Code, e.Message);
            return (false, new Refusal(Refusal.CodeOf(e), e.Message));
        }
        catch (RegistryException e)
        {
            // What one candidate lacks must not hide a good one.
            Evidence.Failed(leaf, candidate, "registry", Refusal.CodeOf(e.Fault), e.Message);
            return (false, new Refusal(candidate is UnreadableCandidate ? Refusal.CodeOf(e.Fault) : Refusal.CodeOfCandidate(e.Fault), e.Message));
        }
    }

    private Refusal Nearest(Leaf leaf, List<Refusal> failures)
    {
        if (failures.Count == 0)
        {
            Evidence.Nothing(leaf, image);
            return leaf.IsAttestation
                ? new Refusal(RefusalCodes.AttestationMissing, $"No attestation is attached to {name}@{image}. Attach one of type {leaf.Demands.PredicateType}, signed by {leaf.By.Name}.")
                : new Refusal(RefusalCodes.Unsigned, $"No signature is attached to {name}@{image}. Sign it as {leaf.By.Name}, under the tag sha256-{image.Hex}.sig or as a Sigstore bundle.");
        }

        var nearest = failures.MaxBy(f => f.Progress)!;
        var what = leaf.IsAttestation ? "attestations" : "signatures";
        var why = TextLine.Of(nearest.Reason, 400).TrimEnd('.');
        return nearest with { Reason = $"None of the {failures.Count} {what} looked at for {name}@{image} meets the rule's demand for {leaf.By.Name}: {why}. {FixOf(nearest.Code, leaf)}" };
    }

    private static string FixOf(string code, Leaf leaf) => code switch
    {
        RefusalCodes.RegistryUnavailable or RefusalCodes.RegistryUnauthorized or RefusalCodes.RegistryProtocol => "Mend the registry, or the access to it.",
        RefusalCodes.ProvenanceMismatch or RefusalCodes.ConditionMismatch => "Build it as the rule demands, or change the rule.",
        _ when leaf.IsAttestation => $"Attest this digest as {leaf.By.Name}, with the type {leaf.Demands.PredicateType}.",
        _ => $"Sign this digest as {leaf.By.Name}.",
    };
}
