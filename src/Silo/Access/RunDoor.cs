using System.Text.Json;
using Actors.Access.Rules;
using Actors.Grains.Interfaces;

namespace Actors.Silo.Access;

/// <summary>A run that the caller may touch.</summary>
/// <param name="Grain">For the verb that it was opened with; a null answer means that the run is gone: <see cref="RunDoor.UnknownRun"/>.</param>
/// <param name="View">As it was when opened.</param>
internal sealed record OpenRun(IRunGrain Grain, RunView View);

/// <summary>The only way from a caller to workflows and runs. What a caller may not see does not exist for it.</summary>
internal sealed class RunDoor(IRunDirectory runs, AccessControl access)
{
    private const int LongestShown = 64;
    private const int MostListed = 50;

    /// <summary>The workflows that the caller may run.</summary>
    public IReadOnlyList<WorkflowView> Workflows(Caller caller)
    {
        var rights = access.Of(caller);
        return [.. runs.Workflows.Where(w => rights.MayRun(w.Id))];
    }

    /// <summary>Submits a run that belongs to the caller.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="workflowId">Which workflow.</param>
    /// <param name="parameters">Its params.</param>
    /// <param name="idempotencyKey">Unique per caller, or null.</param>
    /// <param name="cancellationToken">Gives up the wait for durability.</param>
    /// <exception cref="RunRejectedException">Not acceptable, <c>too_many_runs</c>, or <c>unknown_workflow</c>; nothing was stored.</exception>
    public async Task<OpenRun> SubmitAsync(Caller caller, string workflowId, JsonElement parameters, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var visible = Workflows(caller);
        if (!visible.Any(w => w.Id == workflowId))
        {
            throw UnknownWorkflow(workflowId, visible);
        }

        var request = new SubmitRequest
        {
            WorkflowId = workflowId,
            Params = parameters,
            IdempotencyKey = idempotencyKey,
            Submitter = caller.Subject,
            MostUnfinished = access.MostUnfinished(caller),
        };
        var view = await runs.SubmitAsync(request, cancellationToken);
        return new OpenRun(runs.Get(Parse(view.RunId)), view);
    }

    /// <summary>Opens a run for one verb. To read, ask for <see cref="Verb.ReadOwn"/>: whether it is the caller's own, or <see cref="Verb.ReadAll"/> is needed, is decided here.</summary>
    /// <exception cref="RunRejectedException"><c>unknown_run</c>, the same for a missing run and for one that the caller may not see; <c>forbidden</c> for one that it may see only.</exception>
    public async Task<OpenRun> OpenAsync(Caller caller, string runId, Verb verb, CancellationToken cancellationToken)
    {
        var id = Parse(runId);
        var rights = access.Of(caller);
        await AdmitAsync(rights, id, verb, cancellationToken);
        var grain = runs.Get(id);
        return new OpenRun(grain, await grain.GetAsync(cancellationToken) ?? throw UnknownRun(runId));
    }

    /// <summary>Runs that the caller may see, the newest first, page by page.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_cursor</c>.</exception>
    public async Task<RunListPage> ListAsync(Caller caller, RunListRequest request, CancellationToken cancellationToken)
    {
        var parts = Parts(access.Of(caller), request).ToList();
        if (parts.Count == 1)
        {
            return await runs.ListAsync(parts[0], cancellationToken);
        }

        var pages = new List<RunListPage>();
        foreach (var part in parts)
        {
            pages.Add(await runs.ListAsync(part, cancellationToken));
        }

        // Each page holds the newest of its part, so the newest of all are among them.
        var all = pages.SelectMany(p => p.Runs).DistinctBy(r => r.RunId).OrderByDescending(r => r.RunId, StringComparer.Ordinal).ToList();
        var page = all.Take(Math.Clamp(request.Limit, 1, RunListRequest.MostRuns)).ToList();
        return new RunListPage(page, page.Count > 0 && (all.Count > page.Count || pages.Exists(p => p.NextCursor is not null)) ? page[^1].RunId : null);
    }

    /// <summary>What a caller is told of a run that does not exist for it.</summary>
    public static RunRejectedException UnknownRun(string id) =>
        new(new RunError("unknown_run", $"There is no run '{Shorten(id)}'. Use the run_id that run_workflow returned."));

    // Asks for the owner alone, so that a run of another's costs as much as none, however large it is.
    private async Task AdmitAsync(CallerRights rights, RunId id, Verb verb, CancellationToken cancellationToken)
    {
        if (verb is Verb.ReadOwn or Verb.ReadAll && rights.MayReadEverything(own: false))
        {
            return;
        }

        var owner = await runs.FindOwnerAsync(id, cancellationToken);
        var own = owner?.Submitter == rights.Caller.Subject;
        if (owner is null || !rights.MayRead(owner.WorkflowId, own))
        {
            throw UnknownRun(id.Value);
        }

        if (!rights.May(verb, owner.WorkflowId, own))
        {
            var right = verb == Verb.Cancel && !own ? Verb.Operate : verb;
            throw new RunRejectedException(new RunError("forbidden", $"You may see run {id}, but not {Words(verb)} it. Ask an operator to grant you '{NameOf(right)}' for workflow '{owner.WorkflowId}'."));
        }
    }

    /// <summary>The lists that together are what the caller may see of what it asks for.</summary>
    private IEnumerable<RunListRequest> Parts(CallerRights rights, RunListRequest request)
    {
        var mine = request with { Submitter = rights.Caller.Subject };
        var wantsMine = request.Submitter is null || request.Submitter == rights.Caller.Subject;
        if (rights.MayReadEverything(own: false))
        {
            return [request];
        }

        if (request.WorkflowId is { } workflow)
        {
            return rights.MayRead(workflow, own: false) ? [request] : wantsMine && rights.MayRead(workflow, own: true) ? [mine] : [];
        }

        var everybodys = runs.Workflows.Select(w => w.Id).Where(w => rights.MayRead(w, own: false)).ToList();
        var own = runs.Workflows.Select(w => w.Id).Where(w => wantsMine && rights.MayRead(w, own: true)).ToList();
        return
        [
            .. everybodys.Count == 0 ? [] : new[] { request with { WorkflowIds = everybodys } },
            .. wantsMine && rights.MayReadEverything(own: true) ? [mine] : own.Count == 0 ? [] : new[] { mine with { WorkflowIds = own } },
        ];
    }

    private static RunRejectedException UnknownWorkflow(string id, IReadOnlyList<WorkflowView> visible)
    {
        var known = string.Join(", ", visible.Select(w => w.Id).Take(MostListed));
        return new(new RunError("unknown_workflow", $"There is no workflow '{Shorten(id)}'. Known are: {(known.Length > 0 ? known : "none")}."));
    }

    private static string Words(Verb verb) => verb switch { Verb.Cancel => "cancel", Verb.Approve => "answer", _ => "do that to" };

    private static string NameOf(Verb verb) => AccessLoader.VerbsByName.First(v => v.Value == verb).Key;

    private static string Shorten(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";

    private static RunId Parse(string text) => RunId.TryParse(text, out var id) ? id : throw UnknownRun(text);
}
