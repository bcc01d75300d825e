using System.Text;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>A run by id, from any silo: reads come from the store, commands go into the run's inbox there.</summary>
internal sealed class RunGrain(RunId id, RunHost host, RunServices services) : IRunGrain
{
    // Another silo's changes are not signalled here: look again, ever less often.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private const int TracePageBytes = 1024 * 1024;
    private const int LargestBody = 64 * 1024;
    private const int MostCommands = 1000;

    public async Task<RunView?> GetAsync(CancellationToken cancellationToken) =>
        await services.Store.LoadAsync(id, cancellationToken) is { } run ? await ViewAsync(run, cancellationToken) : null;

    public async Task<RunView?> WaitAsync(long afterVersion, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = services.Time.GetTimestamp();
        var pause = FirstPause;
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

            pause = host.IsActive(id) || pause > LongestPause / 2 ? LongestPause : pause * 2;
            await PauseAsync(pulse, left < pause ? left : pause, cancellationToken);
        }
    }

    public Task<RunView?> CancelAsync(string by, string? reason, CancellationToken cancellationToken) => PostAsync(RunCommands.OfCancel(by, reason), cancellationToken);

    public Task<RunView?> PostAsync(RunCommandRequest request, CancellationToken cancellationToken)
    {
        if (!RunCommands.IsKnown(request.Kind))
        {
            throw Rejected("unknown_command", $"There is no command '{(request.Kind.Length <= 64 ? request.Kind : request.Kind[..64] + "…")}'.");
        }

        var body = request.Body.ValueKind == JsonValueKind.Undefined ? "{}" : request.Body.GetRawText();
        return Encoding.UTF8.GetByteCount(body) <= LargestBody
            ? PostAsync(new RunCommand(request.Kind, request.By, body), cancellationToken)
            : throw Rejected("command_too_large", $"The command's body is over {LargestBody} bytes. Pass a reference instead of the data.");
    }

    public Task<TracePage?> GetTraceAsync(long afterSeq, int limit, CancellationToken cancellationToken) =>
        services.Store.ReadTraceAsync(id, afterSeq, limit, TracePageBytes, cancellationToken);

    private async Task<RunView?> PostAsync(RunCommand command, CancellationToken cancellationToken)
    {
        await host.ReadyAsync(cancellationToken);
        if (await services.Store.LoadAsync(id, cancellationToken) is not { } run)
        {
            return null;
        }

        if (run.State.Status != RunStatus.Done)
        {
            if (run.Commands >= MostCommands)
            {
                throw Rejected("too_many_commands", $"{id} got {MostCommands} commands already.");
            }

            await host.PostAsync(id, command, cancellationToken);
        }

        return await GetAsync(cancellationToken);
    }

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
        RunViews.Of(run, await services.Definitions.GetAsync(run.DefinitionHash, cancellationToken));

    private static RunRejectedException Rejected(string code, string message) => new(new RunError(code, message));
}
