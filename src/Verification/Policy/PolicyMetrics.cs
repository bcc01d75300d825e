using System.Diagnostics.Metrics;

namespace Actors.Verification.Policy;

/// <summary>Counters of the gate, meter <c>Actors.Policy</c>.</summary>
internal sealed class PolicyMetrics : IDisposable
{
    private readonly Meter _meter = new("Actors.Policy");
    private readonly Counter<long> _decisions;
    private readonly Counter<long> _reloads;

    /// <summary>Counters, and a gauge over the alarms.</summary>
    public PolicyMetrics(Func<int> alarms)
    {
        _decisions = _meter.CreateCounter<long>("actors.policy.decisions", unit: "{decision}", "Decisions by outcome: admitted, warned, or the code of the refusal.");
        _reloads = _meter.CreateCounter<long>("actors.policy.reloads", unit: "{reload}", "Reloads of the policy by outcome: loaded or failed.");
        _meter.CreateObservableGauge("actors.policy.alarms", alarms, unit: "{alarm}", "Alarms that hold now: a policy that could not be reloaded, an old trust root.");
    }

    /// <summary>Counts a decision.</summary>
    public void Decided(string outcome) => _decisions.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Counts an attempt to load.</summary>
    public void Reloaded(bool loaded) => _reloads.Add(1, new KeyValuePair<string, object?>("outcome", loaded ? "loaded" : "failed"));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
