using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>What runs are carried with.</summary>
/// <param name="Time">The database's time.</param>
internal sealed record RunServices(IRunStore Store, EffectPerformer Effects, TraceWriter Trace, DatabaseClock Time, ILogger Log)
{
    public RunPulse Pulse { get; } = new();

    public DefinitionCache Definitions { get; } = new(Store);

    public RunMetrics Metrics { get; init; } = new();

    /// <summary>Hints from and to other silos.</summary>
    public IWakeUps WakeUps { get; init; } = new InProcessWakeUps(Time);

    /// <summary>Spreads what would otherwise happen at once everywhere; not for secrets.</summary>
    public Random Random { get; init; } = Random.Shared;

    public Func<DateTimeOffset, RunId> NewRunId { get; init; } = RunId.New;

    /// <summary>A pause of about that length.</summary>
    public TimeSpan Spread(TimeSpan pause) => pause * (0.75 + (Random.NextDouble() / 2));

    /// <summary>Pauses for about that time, or until cancelled: whoever calls looks at the token.</summary>
    public async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) =>
        await Task.Delay(Spread(pause), Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
