using System.Globalization;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Cosign;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Collects what was found of each candidate. Bounded: a decision is kept in the trace, and what is left out is counted there.</summary>
internal sealed class CandidateEvidence
{
    /// <summary>Check of a signature, in evidence.</summary>
    public const string Signature = "signature";

    /// <summary>Check of an attestation, in evidence.</summary>
    public const string Attestation = "attestation";

    private const int MaxFailures = 40;
    private const int MaxText = 400;
    private readonly List<DecisionEvidence> _items = [];
    private int _failures;

    /// <summary>In the order of looking; a last entry counts what is left out.</summary>
    public IReadOnlyList<DecisionEvidence> Items => _failures <= MaxFailures
        ? _items
        : [.. _items, new DecisionEvidence("more_candidates", Passed: false, Facts(("not_listed", (_failures - MaxFailures).ToString(CultureInfo.InvariantCulture))))];

    /// <summary>Notes a candidate that meets the demand.</summary>
    public void Passed(Leaf leaf, Candidate candidate, VerifiedBundle verified)
    {
        var facts = FactsOf(leaf, candidate);
        facts["format"] = verified.Format;
        Add(facts, ("key", verified.Key?.Name), ("key_fingerprint", verified.Key?.Fingerprint));
        if (verified.Certificate is { } certificate)
        {
            Add(
                facts,
                ("identity", certificate.Subject),
                ("issuer", certificate.Issuer),
                ("certificate", certificate.Fingerprint),
                ("source_repository", certificate.SourceRepositoryUri),
                ("source_ref", certificate.SourceRepositoryRef));
        }

        Add(
            facts,
            ("log_entries", Join(verified.LogEntries.Select(e => $"{e.Log} {e.LogIndex}"))),
            ("verified_times", Join(verified.VerifiedTimes.Select(t => t.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)))),
            ("predicate_type", verified.Statement?.PredicateType));
        _items.Add(new DecisionEvidence(CheckOf(leaf), Passed: true, facts));
    }

    /// <summary>Notes a candidate that does not.</summary>
    public void Failed(Leaf leaf, Candidate candidate, string stage, string code, string why)
    {
        var facts = FactsOf(leaf, candidate);
        Add(facts, ("stage", stage), ("code", code), ("why", why));
        Fail(leaf, facts);
    }

    /// <summary>Notes that there was no candidate at all.</summary>
    public void Nothing(Leaf leaf, OciDigest image)
    {
        var facts = Facts(("requirement", leaf.Path), ("by", leaf.By.Name));
        var tag = $"sha256-{image.Hex}";
        Add(facts, ("looked_at", $"tag {tag}.{(leaf.IsAttestation ? "att" : "sig")}, referrers, tag {tag}"), ("why", "nothing is attached"));
        Fail(leaf, facts);
    }

    /// <summary>Notes entries of the list of referrers that could not be read, if any.</summary>
    public void Malformed(int entries)
    {
        if (entries > 0)
        {
            _items.Add(new DecisionEvidence("referrers", Passed: false, Facts(("malformed", entries.ToString(CultureInfo.InvariantCulture)))));
        }
    }

    private static Dictionary<string, string> FactsOf(Leaf leaf, Candidate candidate)
    {
        var facts = Facts(("requirement", leaf.Path), ("by", leaf.By.Name), ("format", candidate.Format));
        foreach (var (name, value) in candidate.Facts)
        {
            facts[name] = value;
        }

        return facts;
    }

    private static string CheckOf(Leaf leaf) => leaf.IsAttestation ? Attestation : Signature;

    private static string? Join(IEnumerable<string> texts) => string.Join(", ", texts.Take(8)) is { Length: > 0 } joined ? joined : null;

    private static Dictionary<string, string> Facts(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(known, facts);
        return known;
    }

    private static void Add(Dictionary<string, string> known, params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                known[name] = TextLine.Of(value, MaxText);
            }
        }
    }

    private void Fail(Leaf leaf, Dictionary<string, string> facts)
    {
        if (++_failures <= MaxFailures)
        {
            _items.Add(new DecisionEvidence(CheckOf(leaf), Passed: false, facts));
        }
    }
}
