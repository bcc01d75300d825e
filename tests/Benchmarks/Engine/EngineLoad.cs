using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Benchmarks.Engine;

/// <summary>Submits runs and measures from submit until the end is durable.</summary>
internal sealed class EngineLoad(IReadOnlyList<IRunDirectory> silos, InstantRunner runner)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly JsonElement Params = JsonElement.Parse("""{"name":"load"}""");
    private int _next;

    /// <summary>Keeps <paramref name="inFlight"/> runs going for that long; gives how many ended, and how long it took.</summary>
    public async Task<(int Runs, TimeSpan Took)> ClosedAsync(int inFlight, TimeSpan duration, Latencies latencies, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var runs = 0;
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(
            async () =>
            {
                while (TimeProvider.System.GetElapsedTime(start) < duration)
                {
                    await OneAsync(latencies, cancellationToken);
                    Interlocked.Increment(ref runs);
                }
            },
            cancellationToken)));
        return (runs, TimeProvider.System.GetElapsedTime(start));
    }

    /// <summary>Starts runs at a fixed rate, whether or not earlier ones ended.</summary>
    public async Task OpenAsync(int perSecond, TimeSpan duration, Latencies latencies, CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond), TimeProvider.System);
        for (var left = (int)(perSecond * duration.TotalSeconds); left > 0 && await timer.WaitForNextTickAsync(cancellationToken); left--)
        {
            running.Add(OneAsync(latencies, cancellationToken));
        }

        await Task.WhenAll(running);
    }

    private async Task OneAsync(Latencies latencies, CancellationToken cancellationToken)
    {
        var silo = silos[(int)((uint)Interlocked.Increment(ref _next) % silos.Count)];
        var start = TimeProvider.System.GetTimestamp();
        var run = await silo.SubmitAsync(new SubmitRequest { WorkflowId = EngineWorkflow.Id, Params = Params, Submitter = "bench" }, cancellationToken);
        _ = RunId.TryParse(run.RunId, out var id);
        await runner.StoppedAsync(run.RunId).WaitAsync(Patience, TimeProvider.System, cancellationToken);
        var view = await silo.Get(id).WaitAsync(long.MaxValue, Patience, cancellationToken);
        runner.Forget(run.RunId);
        if (view is not { Outcome: RunOutcome.Succeeded })
        {
            throw new InvalidOperationException($"{run.RunId} ended as {view?.Outcome}: {view?.Error}");
        }

        latencies.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
    }
}
