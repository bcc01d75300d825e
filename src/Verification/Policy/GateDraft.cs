using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>A decision in the making.</summary>
internal sealed class GateDraft(PolicyDocument policy, string image, string profile)
{
    /// <summary>The policy that decides, from the first step to the last.</summary>
    public PolicyDocument Policy { get; } = policy;

    /// <summary>The reference as it was asked for, on one line.</summary>
    public string ImageText { get; } = TextLine.Of(image, ImageReference.MaxLength);

    /// <summary>The profile's name as it was asked for, on one line.</summary>
    public string ProfileName { get; } = TextLine.Of(profile, 64);

    public ImageReference? Reference { get; set; }

    public RegistryRule? Rule { get; set; }

    public SandboxProfile? Profile { get; set; }

    public OciDigest? Digest { get; set; }

    /// <summary>Set by the first step that fails.</summary>
    public Refusal? Refusal { get; set; }

    /// <summary>What a rule that only warns let pass.</summary>
    public Refusal? Warning { get; private set; }

    public List<DecisionEvidence> Evidence { get; } = [];

    /// <summary>Adds evidence; facts that are null are left out.</summary>
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

    /// <summary>Turns the refusal into a warning that stands in the evidence.</summary>
    public void Warn()
    {
        (Warning, Refusal) = (Refusal, null);
        Note("mode", passed: false, ("mode", "warn"), ("code", Warning!.Code), ("reason", Warning.Reason));
    }

    public Decision ToDecision(DateTimeOffset now) => new()
    {
        Admitted = Refusal is null,
        Image = ImageText,
        Profile = ProfileName,
        Reference = Digest is null ? null : $"{Reference!.Name}@{Digest}",
        Digest = Digest?.ToString(),
        Rule = Rule?.Pattern.Text,
        Code = Refusal?.Code,
        Reason = Refusal?.Reason,
        PolicyRevision = Policy.Revision,
        Evidence = Evidence,
        DecidedAt = now,
    };
}
