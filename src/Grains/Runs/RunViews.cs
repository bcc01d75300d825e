using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>What callers see, made from what is stored.</summary>
internal static class RunViews
{
    public static RunView Of(StoredRun run, WorkflowDefinition definition) => new()
    {
        RunId = run.State.RunId.Value,
        WorkflowId = run.WorkflowId,
        WorkflowVersion = run.WorkflowVersion,
        Status = run.State.Status,
        Outcome = run.State.Status == RunStatus.Done ? run.State.Outcome : null,
        Error = run.State.Status == RunStatus.Done ? run.State.Error : null,
        Output = run.State.Status == RunStatus.Done ? run.State.Output : null,
        Steps = [.. run.State.Steps.Zip(definition.Steps, (s, d) => new StepView(s.Id, d.Server, d.Tool, s.Status, s.Attempt))],
        Version = run.Version,
        TraceHead = run.TraceHead,
        TraceLength = run.TraceLength,
        CreatedAt = run.State.CreatedAt,
        Deadline = run.State.Deadline,
        EndedAt = run.State.EndedAt,
    };

    public static WorkflowView Of(WorkflowDefinition definition) => new(
        definition.Id,
        definition.Version,
        definition.Description,
        definition.Params,
        [.. definition.Steps.Select(s => new WorkflowStepView(s.Id, s.Server, s.Tool, definition.Servers[s.Server].Image))]);
}
