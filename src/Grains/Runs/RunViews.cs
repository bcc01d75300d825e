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
        Submitter = run.State.Submitter,
        Status = run.State.Status,
        Outcome = run.State.Status == RunStatus.Done ? run.State.Outcome : null,
        Error = run.State.Status == RunStatus.Done ? run.State.Error : null,
        Output = run.State.Status == RunStatus.Done ? run.State.Output : null,
        Steps = [.. run.State.Steps.Zip(definition.Steps, (s, d) => new StepView(s.Id, Kind(d), d.Server, d.Tool, s.Status, s.Attempt))],
        WaitingFor = Wait(run.State, definition),
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
        [.. definition.Steps.Select(s => new WorkflowStepView(
            s.Id, Kind(s), s.Server, s.Tool, s.Server is null ? null : definition.Servers[s.Server].Image, s.Signal?.Name, s.Signal?.Schema))]);

    public static RunSummary Summary(StoredRun run, WorkflowDefinition definition) => new()
    {
        RunId = run.State.RunId.Value,
        WorkflowId = run.WorkflowId,
        WorkflowVersion = run.WorkflowVersion,
        Submitter = run.State.Submitter,
        Status = run.State.Status,
        Outcome = run.State.Status == RunStatus.Done ? run.State.Outcome : null,
        Error = run.State.Status == RunStatus.Done ? run.State.Error : null,
        WaitingFor = Wait(run.State, definition),
        CreatedAt = run.State.CreatedAt,
        Deadline = run.State.Deadline,
        EndedAt = run.State.EndedAt,
    };

    private static StepKind Kind(StepDefinition step) => step switch
    {
        { Approval: not null } => StepKind.Approval,
        { Signal: not null } => StepKind.Signal,
        _ => StepKind.Call,
    };

    private static WaitView? Wait(RunState state, WorkflowDefinition definition)
    {
        if (state.Outcome is not null || state.RunningStep is not null)
        {
            return null;
        }

        foreach (var (step, at) in state.Steps.Zip(definition.Steps))
        {
            if (step.Status == StepStatus.Waiting)
            {
                var kind = at.Approval is not null ? WaitKind.Approval : WaitKind.Signal;
                return new WaitView(kind, step.Id, step.Message, at.Signal?.Name, step.Until < state.Deadline ? step.Until.Value : state.Deadline);
            }

            if (step.RetryAt is { } retry)
            {
                return new WaitView(WaitKind.Retry, step.Id, null, null, retry);
            }
        }

        return null;
    }
}
