using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Decides by the policy of the moment: reference, registry rule, profile, digest, deny list, what the rule demands, in that order; the first that fails refuses.</summary>
internal sealed partial class PolicyGate : IPolicyGate, IDisposable
{
    private readonly PolicyOptions _options;
    private readonly PolicySource _policy;
    private readonly ImageChecker _checker;
    private readonly IDisposable? _owned;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private PolicyGate(PolicyOptions options, PolicySource policy, ImageChecker checker, IDisposable? owned, TimeProvider time, ILogger logger) =>
        (_options, _policy, _checker, _owned, _time, _logger) = (options, policy, checker, owned, time, logger);

    /// <summary>Loads the policy; dispose the gate.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="time">For deadlines, caches, reloads and the decision's time.</param>
    /// <param name="logger">Gets decisions and alarms.</param>
    /// <param name="source">Where images are; null for their registries.</param>
    /// <exception cref="PolicyException">The policy has faults.</exception>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public static PolicyGate Open(PolicyOptions options, TimeProvider time, ILogger logger, IImageSource? source = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var policy = new PolicySource(options.Check(), time, logger);
        var client = source is null ? CreateClient(options, time) : null;
        var checker = new ImageChecker(source ?? client!, new VerifiedImageCache(options, time), options, time);
        return new PolicyGate(options, policy, checker, client, time, logger);
    }

    /// <inheritdoc/>
    public PolicyStatus Status => _policy.Status;

    /// <inheritdoc/>
    public IReadOnlyCollection<SandboxProfile> Profiles => [.. _policy.Current.Profiles.Values];

    /// <summary>Loads the policy anew when a file of it has changed; a watching gate does so itself.</summary>
    public void Refresh() => _policy.Refresh();

    /// <inheritdoc/>
    public async Task<GateResult> DecideAsync(string image, string profile, CancellationToken cancellationToken)
    {
        var draft = new GateDraft(_policy.Current, image, profile);
        await FillAsync(draft, image, profile, cancellationToken);
        var decision = draft.ToDecision(_time.GetUtcNow());
        Tell(decision, draft.Warning);
        var insecure = draft is { Rule: { } rule, Reference: { } reference } && draft.Policy.OptionsFor(reference.Host, rule).Insecure;
        return new GateResult(decision, draft.Profile, insecure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _policy.Dispose();
        _owned?.Dispose();
    }

    private static OciClient CreateClient(PolicyOptions options, TimeProvider time) => new(new OciClientOptions
    {
        Time = time,
        Credentials = options.RegistryAuthFile.Length == 0 ? AnonymousCredentials.Instance : new DockerAuthFile(options.RegistryAuthFile, new CredentialHelper(time)),
    });

    private async Task FillAsync(GateDraft draft, string image, string profile, CancellationToken cancellationToken)
    {
        if (!ImageReference.TryParse(image, out var reference, out var fault))
        {
            draft.Refusal = new Refusal(RefusalCodes.InvalidReference, $"The image reference '{draft.ImageText}' is not valid: {fault}.");
            return;
        }

        draft.Reference = reference;
        if (!MatchRule(draft, reference) || !FindProfile(draft, profile))
        {
            return;
        }

        var check = await _checker.CheckAsync(new CheckRequest(reference, profile, draft.Policy, draft.Rule!, _options.PlatformFor(draft.Profile!)), cancellationToken);
        draft.Digest = check.Digest;
        draft.Evidence.AddRange(check.Evidence);
        draft.Refusal = check.Refusal;
        if (check is { Refusal: not null, LacksOnlyDemands: true } && draft.Rule!.WarnOnly)
        {
            draft.Warn();
        }
    }

    private static bool MatchRule(GateDraft draft, ImageReference reference)
    {
        var matches = draft.Policy.Rules.Where(r => r.Pattern.Matches(reference)).ToList();
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
            draft.Refusal = new Refusal(RefusalCodes.RegistryNotAllowed, why);
        }

        return why is null;
    }

    private static bool FindProfile(GateDraft draft, string profile)
    {
        draft.Profile = draft.Policy.Profiles.GetValueOrDefault(profile);
        draft.Note("profile", draft.Profile is not null, ("name", draft.ProfileName), ("runtime", draft.Profile?.Runtime.ToString().ToLowerInvariant()), ("egress", EgressOf(draft.Profile)));
        if (draft.Profile is null)
        {
            var known = TextLine.Of(string.Join(", ", draft.Policy.Profiles.Keys.Order(StringComparer.Ordinal)), 200);
            draft.Refusal = new Refusal(RefusalCodes.UnknownProfile, $"The policy has no profile '{draft.ProfileName}'. Use one of: {known}.");
        }

        return draft.Profile is not null;
    }

    private static string? EgressOf(SandboxProfile? profile) =>
        profile is { Egress.Count: > 0 } ? TextLine.Of(string.Join(", ", profile.Egress.Select(r => $"{r.Host ?? r.Cidr} port {r.Port}")), 2000) : null;

    private void Tell(Decision decision, Refusal? warning)
    {
        _policy.Metrics.Decided(warning is not null ? "warned" : decision.Code ?? "admitted");
        if (warning is not null)
        {
            LogWarned(_logger, decision.Reference!, decision.Profile, decision.Rule!, warning.Code, warning.Reason);
        }
        else if (decision.Admitted)
        {
            LogAdmitted(_logger, decision.Reference!, decision.Profile, decision.Rule!);
        }
        else
        {
            LogRefused(_logger, decision.Image, decision.Profile, decision.Code!, decision.Reason!);
        }
    }
}
