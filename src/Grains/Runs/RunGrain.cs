using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>A run by id. Reads come from the store, commands go through the run's mailbox.</summary>
internal sealed class RunGrain(RunId id, RunHost host, RunServices services) : IRunGrain
{
    // A pulse can be missed when another process changes the run.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private const int TracePageBytes = 1024 * 1024;

    public async Task<RunView?> GetAsync(CancellationToken cancellationToken) =>
        await services.Store.LoadAsync(id, cancellationToken) is { } run ? await ViewAsync(run, cancellationToken) : null;

    public async Task<RunView?> WaitAsync(long afterVersion, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = services.Time.GetTimestamp();
        while (true)
        {
            var pulse = services.Pulse.NextAsync(id);
            var run = await services.Store.LoadAsync(id, cancellationToken);
            var left = wait - services.Time.GetElapsedTime(start);
            if (run is not { State.Status: not RunStatus.Done })
            {
                // Nothing will signal it any more.
                services.Pulse.Signal(id);
            }

            if (run is null || run.State.Status == RunStatus.Done || run.Version > afterVersion || left <= TimeSpan.Zero)
            {
                return run is null ? null : await ViewAsync(run, cancellationToken);
            }

            await PauseAsync(pulse, left < LookAgain ? left : LookAgain, cancellationToken);
        }
    }

    public async Task<RunView?> CancelAsync(string by, string? reason, CancellationToken cancellationToken)
    {
        if (await services.Store.LoadAsync(id, cancellationToken) is not { } run)
        {
            return null;
        }

        if (run.State.Status != RunStatus.Done)
        {
            await host.PostAsync(id, new CancelRequested(services.Time.GetUtcNow(), by, reason), cancellationToken);
        }

        return await GetAsync(cancellationToken);
    }

    public async Task<RunView?> ApproveAsync(string by, string step, bool approved, string? note, CancellationToken cancellationToken)
    {
        if (await services.Store.LoadAsync(id, cancellationToken) is not { } run)
        {
            return null;
        }

        var definition = await host.DefinitionAsync(run.DefinitionHash, cancellationToken);
        Accept(RunCommands.ValidateDecision(definition, run.State, step, note));
        await host.PostAsync(id, new ApprovalDecided(services.Time.GetUtcNow(), by, step, approved, note), cancellationToken);
        return await GetAsync(cancellationToken);
    }

    public async Task<RunView?> SignalAsync(string by, string name, JsonElement payload, CancellationToken cancellationToken)
    {
        if (await services.Store.LoadAsync(id, cancellationToken) is not { } run)
        {
            return null;
        }

        var definition = await host.DefinitionAsync(run.DefinitionHash, cancellationToken);
        Accept(RunCommands.ValidateSignal(definition, run.State, name, payload));
        await host.PostAsync(id, new SignalReceived(services.Time.GetUtcNow(), by, name, payload.Clone()), cancellationToken);
        return await GetAsync(cancellationToken);
    }

    private static void Accept(RunError? fault)
    {
        if (fault is not null)
        {
            throw new RunRejectedException(fault);
        }
    }

    public Task<TracePage?> GetTraceAsync(long afterSeq, int limit, CancellationToken cancellationToken) =>
        services.Store.ReadTraceAsync(id, afterSeq, limit, TracePageBytes, cancellationToken);

    private async Task PauseAsync(Task pulse, TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await pulse.WaitAsync(most, services.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Nothing was signalled: look again.
        }
    }

    private async Task<RunView> ViewAsync(StoredRun run, CancellationToken cancellationToken) =>
        RunViews.Of(run, await host.DefinitionAsync(run.DefinitionHash, cancellationToken));
}
