using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Silo.Access;

/// <summary>A run that the caller may touch.</summary>
/// <param name="Grain">For the verb that it was opened with; a null answer means that the run is gone: <see cref="RunDoor.UnknownRun"/>.</param>
/// <param name="View">As it was when opened.</param>
internal sealed record OpenRun(IRunGrain Grain, RunView View);

/// <summary>The only way from a caller to workflows and runs. What a caller may not see does not exist for it.</summary>
internal sealed class RunDoor(IRunDirectory runs)
{
    private const int LongestShown = 64;

    /// <summary>The workflows that the caller may run.</summary>
    public IReadOnlyList<WorkflowView> Workflows(Caller caller) => runs.Workflows;

    /// <summary>Submits a run that belongs to the caller.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="workflowId">Which workflow.</param>
    /// <param name="parameters">Its params.</param>
    /// <param name="idempotencyKey">Unique per caller, or null.</param>
    /// <param name="cancellationToken">Gives up the wait for durability.</param>
    /// <exception cref="RunRejectedException">Not acceptable, or <c>unknown_workflow</c>; nothing was stored.</exception>
    public async Task<OpenRun> SubmitAsync(Caller caller, string workflowId, JsonElement parameters, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var request = new SubmitRequest { WorkflowId = workflowId, Params = parameters, IdempotencyKey = idempotencyKey, Submitter = caller.Subject };
        var view = await runs.SubmitAsync(request, cancellationToken);
        return new OpenRun(runs.Get(Parse(view.RunId)), view);
    }

    /// <summary>Opens a run for one verb. To read, ask for <see cref="Verb.ReadOwn"/>: whether it is the caller's own, or <see cref="Verb.ReadAll"/> is needed, is decided here.</summary>
    /// <exception cref="RunRejectedException"><c>unknown_run</c>, the same for a missing run and for one that the caller may not see.</exception>
    public async Task<OpenRun> OpenAsync(Caller caller, string runId, Verb verb, CancellationToken cancellationToken)
    {
        var grain = runs.Get(Parse(runId));
        return new OpenRun(grain, await grain.GetAsync(cancellationToken) ?? throw UnknownRun(runId));
    }

    /// <summary>Runs that the caller may see, the newest first, page by page.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_cursor</c>.</exception>
    public Task<RunListPage> ListAsync(Caller caller, RunListRequest request, CancellationToken cancellationToken) => runs.ListAsync(request, cancellationToken);

    /// <summary>What a caller is told of a run that does not exist for it.</summary>
    public static RunRejectedException UnknownRun(string id) =>
        new(new RunError("unknown_run", $"There is no run '{(id.Length <= LongestShown ? id : id[..LongestShown] + "…")}'. Use the run_id that run_workflow returned."));

    private static RunId Parse(string text) => RunId.TryParse(text, out var id) ? id : throw UnknownRun(text);
}
