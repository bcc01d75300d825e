using System.Diagnostics.Metrics;

namespace Actors.Grains.Runs;

/// <summary>Figures of one silo, by the meter <c>Actors.Silo</c>.</summary>
internal sealed class RunMetrics : IDisposable
{
    public const string MeterName = "Actors.Silo";

    private readonly Meter _meter = new(MeterName);
    private int _active;
    private int _queued;
    private double _queueAge;

    public RunMetrics()
    {
        Claims = _meter.CreateCounter<long>("actors.runs.claims", "{run}", "Runs claimed from the store");
        Takeovers = _meter.CreateCounter<long>("actors.runs.takeovers", "{run}", "Claims of runs that were under way elsewhere");
        Commits = _meter.CreateCounter<long>("actors.runs.commits", "{transition}", "Transitions made durable");
        Lost = _meter.CreateCounter<long>("actors.runs.lost", "{run}", "Activations dropped because another silo owns the run");
        Faults = _meter.CreateCounter<long>("actors.runs.faults", "{run}", "Activations that broke");
        Refused = _meter.CreateCounter<long>("actors.submits.refused", "{submit}", "Submits refused because of load");
        _meter.CreateObservableGauge("actors.runs.active", () => Volatile.Read(ref _active), "{run}", "Runs that hold a slot");
        _meter.CreateObservableGauge("actors.queue.depth", () => Volatile.Read(ref _queued), "{run}", "Runs that wait for a slot");
        _meter.CreateObservableGauge("actors.queue.age", () => Volatile.Read(ref _queueAge), "s", "Age of the oldest queued run");
    }

    public Counter<long> Claims { get; }

    public Counter<long> Takeovers { get; }

    public Counter<long> Commits { get; }

    public Counter<long> Lost { get; }

    public Counter<long> Faults { get; }

    public Counter<long> Refused { get; }

    public void SetActive(int count) => Volatile.Write(ref _active, count);

    public void SetQueue(int depth, TimeSpan age)
    {
        Volatile.Write(ref _queued, depth);
        Volatile.Write(ref _queueAge, age.TotalSeconds);
    }

    public void Dispose() => _meter.Dispose();
}
