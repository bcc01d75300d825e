using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Decides by the loaded policy: reference, registry rule, profile, digest, signatures, in that order; the first that fails refuses.</summary>
internal sealed partial class PolicyGate(PolicyDocument policy, ImageChecker checker, TimeProvider time, ILogger<PolicyGate> logger) : IPolicyGate
{
    /// <inheritdoc/>
    public async Task<GateResult> DecideAsync(string image, string profile, CancellationToken cancellationToken)
    {
        var draft = new Draft(Shorten(image, ImageReference.MaxLength), Shorten(profile, 64));
        await FillAsync(draft, image, profile, cancellationToken);
        var decision = draft.ToDecision(policy.Revision, time.GetUtcNow());
        if (decision.Admitted)
        {
            LogAdmitted(logger, decision.Reference!, decision.Profile, decision.Rule!);
        }
        else
        {
            LogRefused(logger, decision.Image, decision.Profile, decision.Code!, decision.Reason!);
        }

        return new GateResult(decision, draft.Profile, draft.Rule?.Insecure ?? false);
    }

    private async Task FillAsync(Draft draft, string image, string profile, CancellationToken cancellationToken)
    {
        if (!ImageReference.TryParse(image, out var reference, out var fault))
        {
            draft.Refuse(RefusalCodes.InvalidReference, $"The image reference '{draft.ImageText}' is not valid: {fault}.");
            return;
        }

        draft.Reference = reference;
        if (!MatchRule(draft, reference) || !FindProfile(draft, profile))
        {
            return;
        }

        var check = await checker.CheckAsync(reference, draft.Rule!, profile, policy.Revision, cancellationToken);
        draft.Digest = check.Digest;
        draft.Evidence.AddRange(check.Evidence);
        if (check.Code is not null)
        {
            draft.Refuse(check.Code, check.Reason!);
        }
    }

    private bool MatchRule(Draft draft, ImageReference reference)
    {
        var matches = policy.Rules.Where(r => r.Pattern.Matches(reference)).ToList();
        var best = matches.Where(r => matches.TrueForAll(o => r.Pattern.CompareSpecificity(o.Pattern) >= 0)).ToList();
        draft.Rule = best.Count == 1 ? best[0] : null;
        string? why = null;
        if (best.Count == 0)
        {
            why = $"No registry rule of the policy matches {reference.Name}. Use an image of an allowed registry, or add a rule for it.";
        }
        else if (best.Count > 1)
        {
            why = $"The rules '{best[0].Pattern.Text}' and '{best[1].Pattern.Text}' match {reference.Name} equally well. Make one of them more specific.";
        }
        else if (best[0].Require is null)
        {
            why = $"The rule '{best[0].Pattern.Text}' denies {reference.Name}. Use an image of an allowed registry, or change the rule.";
        }

        draft.Note("registry_rule", why is null, ("name", reference.Name), ("rule", draft.Rule?.Pattern.Text), ("why", why));
        if (why is not null)
        {
            draft.Refuse(RefusalCodes.RegistryNotAllowed, why);
        }

        return why is null;
    }

    private bool FindProfile(Draft draft, string profile)
    {
        draft.Profile = policy.Profiles.GetValueOrDefault(profile);
        draft.Note("profile", draft.Profile is not null, ("name", draft.ProfileName), ("runtime", draft.Profile?.Runtime.ToString().ToLowerInvariant()));
        if (draft.Profile is null)
        {
            var known = Shorten(string.Join(", ", policy.Profiles.Keys.Order(StringComparer.Ordinal)), 200);
            draft.Refuse(RefusalCodes.UnknownProfile, $"The policy has no profile '{draft.ProfileName}'. Use one of: {known}.");
        }

        return draft.Profile is not null;
    }

    // What the caller wrote goes into logs and reasons: bounded, and on one line.
    private static string Shorten(string? text, int max)
    {
        var line = new string([.. (text ?? "").Take(max).Select(c => char.IsControl(c) ? '?' : c)]);
        return text?.Length > max ? line + "…" : line;
    }

    private sealed class Draft(string image, string profileName)
    {
        private string? _code;
        private string? _reason;

        public string ImageText { get; } = image;

        public string ProfileName { get; } = profileName;

        public ImageReference? Reference { get; set; }

        public RegistryRule? Rule { get; set; }

        public SandboxProfile? Profile { get; set; }

        public OciDigest? Digest { get; set; }

        public List<DecisionEvidence> Evidence { get; } = [];

        public void Refuse(string code, string reason) => (_code, _reason) = (code, reason);

        public void Note(string check, bool passed, params ReadOnlySpan<(string Name, string? Value)> facts)
        {
            var known = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in facts)
            {
                if (value is not null)
                {
                    known.Add(name, value);
                }
            }

            Evidence.Add(new DecisionEvidence(check, passed, known));
        }

        public Decision ToDecision(string policyRevision, DateTimeOffset now) => new()
        {
            Admitted = _code is null,
            Image = ImageText,
            Profile = ProfileName,
            Reference = Digest is null ? null : $"{Reference!.Name}@{Digest}",
            Digest = Digest?.ToString(),
            Rule = Rule?.Pattern.Text,
            Code = _code,
            Reason = _reason,
            PolicyRevision = policyRevision,
            Evidence = Evidence,
            DecidedAt = now,
        };
    }
}
