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
    public IWakeUps WakeUps { get; init; } = new NoWakeUps(Time);

    /// <summary>Spreads what would otherwise happen at once everywhere; not for secrets.</summary>
    public Random Random { get; init; } = Random.Shared;

    public Func<DateTimeOffset, RunId> NewRunId { get; init; } = RunId.New;
}
