using Actors.Access.Rules;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access;

/// <summary>The rules that hold now, applied to callers.</summary>
/// <param name="rules">Gives them.</param>
/// <param name="options">Whether callers are authenticated, and what an allowance leaves open.</param>
internal sealed class AccessControl(Func<AccessRules> rules, AccessOptions options)
{
    /// <summary>What the caller may do. Where callers are authenticated, one without a name may do nothing, whatever the rules say of everybody.</summary>
    public CallerRights Of(Caller caller) =>
        options.Authenticates && caller.Subject == Caller.LocalSubject ? new CallerRights(caller, [], null, null) : rules().Of(caller);

    /// <summary>Most unfinished runs of the caller; null for no bound.</summary>
    public int? MostUnfinished(Caller caller) =>
        options.Authenticates ? Of(caller).UnfinishedRuns ?? (options.MaxRunsPerSubject == 0 ? null : options.MaxRunsPerSubject) : null;
}
