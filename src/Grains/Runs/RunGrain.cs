using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>A run by id, from any silo: reads come from the store, commands go into the run's inbox there.</summary>
internal sealed class RunGrain(RunId id, RunHost host, RunServices services) : IRunGrain
{
    // Another silo's changes are not signalled here: look again, ever less often.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private const int TracePageBytes = 1024 * 1024;
    private const int MostCommands = 1000;

    // A run that has got too many others can still be cancelled.
    private const int MostWithCancels = MostCommands + 100;

    public async Task<RunView?> GetAsync(CancellationToken cancellationToken) =>
        await services.Store.LoadAsync(id, cancellationToken) is { } run ? await ViewAsync(run, cancellationToken) : null;

    public async Task<RunView?> WaitAsync(long afterVersion, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = services.Time.GetTimestamp();
        var pause = FirstPause;
        using var waiter = services.Pulse.Listen(id);
        while (true)
        {
            var pulse = waiter.NextAsync();
            var run = await services.Store.LoadAsync(id, cancellationToken);
            var left = wait - services.Time.GetElapsedTime(start);
            if (run is null || run.State.Status == RunStatus.Done || run.Version > afterVersion || left <= TimeSpan.Zero)
            {
                return run is null ? null : await ViewAsync(run, cancellationToken);
            }

            pause = host.IsActive(id) || pause > LongestPause / 2 ? LongestPause : pause * 2;
            await PauseAsync(pulse, left < pause ? left : pause, cancellationToken);
        }
    }

    public Task<RunView?> CancelAsync(string by, string? reason, CancellationToken cancellationToken) =>
        PostAsync((_, _) => new RunCommand(RunCommands.Cancel, by, RunCommands.CancelBody(reason)), cancellationToken);

    public async Task<CallProgressView?> GetProgressAsync(double seen, CancellationToken cancellationToken)
    {
        if (await services.Store.LoadAsync(id, cancellationToken) is not { State.RunningStep: { } step } run)
        {
            return null;
        }

        var definition = await services.Definitions.GetAsync(run.DefinitionHash, cancellationToken);
        return await services.Effects.ProgressAsync(id, definition, run.State, seen, cancellationToken) is { } progress
            ? new CallProgressView(step.Id, progress.Progress, progress.Total, progress.Message is { } message ? services.Trace.Redact(message) : null)
            : null;
    }

    public Task<TracePage?> GetTraceAsync(long afterSeq, int limit, CancellationToken cancellationToken) =>
        services.Store.ReadTraceAsync(id, afterSeq, limit, TracePageBytes, cancellationToken);

    public Task<RunView?> ApproveAsync(string by, string step, bool approved, string? note, CancellationToken cancellationToken) =>
        PostAsync(
            (definition, state) => RunCommands.ValidateDecision(definition, state, step, note) is { } fault
                ? throw new RunRejectedException(fault)
                : new RunCommand(approved ? RunCommands.Approve : RunCommands.Reject, by, RunCommands.DecisionBody(step, note)),
            cancellationToken);

    public Task<RunView?> SignalAsync(string by, string name, JsonElement payload, CancellationToken cancellationToken) =>
        PostAsync(
            (definition, state) => RunCommands.ValidateSignal(definition, state, name, payload) is { } fault
                ? throw new RunRejectedException(fault)
                : new RunCommand(RunCommands.Signal, by, RunCommands.SignalBody(name, payload)),
            cancellationToken);

    /// <summary>Posts what <paramref name="command"/> makes of the run as it is, unless it is done.</summary>
    private async Task<RunView?> PostAsync(Func<WorkflowDefinition, RunState, RunCommand> command, CancellationToken cancellationToken)
    {
        await host.ReadyAsync(cancellationToken);
        if (await services.Store.LoadAsync(id, cancellationToken) is not { } run)
        {
            return null;
        }

        var posted = command(await services.Definitions.GetAsync(run.DefinitionHash, cancellationToken), run.State);
        if (run.State.Status != RunStatus.Done)
        {
            if (run.Commands >= (posted.Kind == RunCommands.Cancel ? MostWithCancels : MostCommands))
            {
                throw new RunRejectedException(new RunError("too_many_commands", $"{id} got {run.Commands} commands already. It takes a cancellation at most."));
            }

            await host.PostAsync(id, posted, cancellationToken);
        }

        return await GetAsync(cancellationToken);
    }

    private async Task PauseAsync(Task pulse, TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await pulse.WaitAsync(most, services.Time, cancellationToken);
            await Task.Yield();
        }
        catch (TimeoutException)
        {
            // Nothing was signalled: look again.
        }
    }

    private async Task<RunView> ViewAsync(StoredRun run, CancellationToken cancellationToken) =>
        RunViews.Of(run, await services.Definitions.GetAsync(run.DefinitionHash, cancellationToken));
}
