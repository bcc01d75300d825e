using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Benchmarks.Engine;

/// <summary>Submits runs and measures from submit until the end is durable.</summary>
internal sealed class EngineLoad(IReadOnlyList<IRunDirectory> silos, InstantRunner runner)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WarmStretch = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(30);
    private const int WarmRuns = 3000;
    private static readonly JsonElement Params = JsonElement.Parse("""{"name":"load"}""");
    private int _next;

    /// <summary>Keeps <paramref name="inFlight"/> runs going for that long, at least one each; gives how many ended, and how long it took.</summary>
    public async Task<(int Runs, TimeSpan Took)> ClosedAsync(int inFlight, TimeSpan duration, Latencies latencies, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        var runs = 0;
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(
            async () =>
            {
                do
                {
                    await OneAsync(latencies, cancellationToken);
                    Interlocked.Increment(ref runs);
                }
                while (TimeProvider.System.GetElapsedTime(start) < duration);
            },
            cancellationToken)));
        return (runs, TimeProvider.System.GetElapsedTime(start));
    }

    /// <summary>Runs until the code is compiled as it stays, or for long enough.</summary>
    public async Task WarmUpAsync(int inFlight, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var runs = 0; runs < WarmRuns && TimeProvider.System.GetElapsedTime(start) < LongestWarmUp;)
        {
            runs += (await ClosedAsync(inFlight, WarmStretch, new Latencies(), cancellationToken)).Runs;
        }
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
