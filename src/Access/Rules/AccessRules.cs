using System.Collections.Immutable;

namespace Actors.Access.Rules;

/// <summary>For whom a rule is. Every list that is not empty must hold; one entry of a list is enough.</summary>
internal sealed record Audience(ImmutableArray<NamePattern> Subjects, ImmutableArray<NamePattern> Groups, ImmutableArray<NamePattern> Scopes)
{
    /// <summary>Everybody who is known.</summary>
    public static Audience Everybody { get; } = new([NamePattern.Parse("*")!], [], []);

    /// <summary>True when the caller belongs to it.</summary>
    public bool Holds(Caller caller) =>
        (Subjects.IsEmpty || Subjects.Any(p => p.Covers(caller.Subject)))
        && (Groups.IsEmpty || Groups.Any(p => caller.Groups.Any(p.Covers)))
        && (Scopes.IsEmpty || Scopes.Any(p => caller.Scopes.Any(p.Covers)));
}

/// <summary>What somebody may do with which workflows.</summary>
internal sealed record Grant(Audience To, ImmutableArray<NamePattern> Workflows, ImmutableHashSet<Verb> Verbs);

/// <summary>How much somebody may ask for; null leaves the silo's setting.</summary>
internal sealed record Allowance(Audience For, int? UnfinishedRuns, int? RequestsPerMinute);

/// <summary>Who may do what. Grants add up, nothing takes away; what none allows is not allowed.</summary>
/// <param name="Revision">SHA-256 of the file; <c>built-in</c> without one.</param>
internal sealed record AccessRules(string Revision, ImmutableArray<Grant> Grants, ImmutableArray<Allowance> Limits)
{
    private const string BuiltIn = "built-in";

    /// <summary>While callers are not authenticated: the local one may do all.</summary>
    public static AccessRules LocalDoesAll { get; } = new(
        BuiltIn,
        [new Grant(new Audience([NamePattern.Parse(Caller.LocalSubject)!], [], []), [NamePattern.Parse("*")!], [.. Enum.GetValues<Verb>()])],
        []);

    /// <summary>For authenticated callers without a file: each runs any workflow, and reads and cancels what it submitted.</summary>
    public static AccessRules OwnRunsOnly { get; } = new(
        BuiltIn,
        [new Grant(Audience.Everybody, [NamePattern.Parse("*")!], [Verb.Run, Verb.ReadOwn, Verb.Cancel])],
        []);

    /// <summary>What the caller may do.</summary>
    public CallerRights Of(Caller caller) => new(
        caller,
        [.. Grants.Where(g => g.To.Holds(caller))],
        Limits.FirstOrDefault(l => l.UnfinishedRuns is not null && l.For.Holds(caller))?.UnfinishedRuns,
        Limits.FirstOrDefault(l => l.RequestsPerMinute is not null && l.For.Holds(caller))?.RequestsPerMinute);
}
