using System.Collections.Immutable;

namespace Actors.Access.Rules;

/// <summary>One caller's rights under one revision of the rules.</summary>
/// <param name="Caller">Whose.</param>
/// <param name="Grants">Those that hold for the caller.</param>
/// <param name="UnfinishedRuns">Most unfinished runs at once; null for the silo's setting.</param>
/// <param name="RequestsPerMinute">Most requests; null for the silo's setting.</param>
internal sealed record CallerRights(Caller Caller, ImmutableArray<Grant> Grants, int? UnfinishedRuns, int? RequestsPerMinute)
{
    /// <summary>Whether the workflow may be seen and run.</summary>
    public bool MayRun(string workflow) => Holds(workflow, Verb.Run);

    /// <summary>Whether a run of the workflow exists for the caller.</summary>
    public bool MayRead(string workflow, bool own) =>
        Holds(workflow, Verb.ReadAll) || Holds(workflow, Verb.Operate) || (own && (Holds(workflow, Verb.ReadOwn) || Holds(workflow, Verb.Run)));

    /// <summary>Whether the caller may do <paramref name="verb"/> to a run of the workflow. Nothing can be done to a run that may not be read.</summary>
    public bool May(Verb verb, string workflow, bool own) => MayRead(workflow, own) && verb switch
    {
        Verb.Run => MayRun(workflow),
        Verb.ReadOwn => true,
        Verb.ReadAll => MayRead(workflow, own: false),
        Verb.Approve => Holds(workflow, Verb.Approve) || Holds(workflow, Verb.Operate),
        Verb.Cancel => (own && Holds(workflow, Verb.Cancel)) || Holds(workflow, Verb.Operate),
        Verb.Operate => Holds(workflow, Verb.Operate),
        _ => false,
    };

    /// <summary>True when runs of every workflow may be read, also of such as are not loaded any more.</summary>
    public bool MayReadEverything(bool own) => Grants.Any(g =>
        g.Workflows.Any(w => w.IsEverything)
        && (g.Verbs.Contains(Verb.ReadAll) || g.Verbs.Contains(Verb.Operate) || (own && (g.Verbs.Contains(Verb.ReadOwn) || g.Verbs.Contains(Verb.Run)))));

    private bool Holds(string workflow, Verb verb) => Grants.Any(g => g.Verbs.Contains(verb) && g.Workflows.Any(w => w.Covers(workflow)));
}
