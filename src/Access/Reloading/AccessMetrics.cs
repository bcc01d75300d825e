using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Actors.Access;

/// <summary>Counters of the way in, meter <c>Actors.Access</c>.</summary>
internal sealed class AccessMetrics : IDisposable
{
    private readonly Meter _meter = new("Actors.Access");
    private readonly ConcurrentDictionary<string, bool> _alarms = new(StringComparer.Ordinal);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _reloads;

    public AccessMetrics()
    {
        _requests = _meter.CreateCounter<long>("actors.access.requests", unit: "{request}", "Requests by what became of them on the way in: admitted, or the code of the refusal.");
        _reloads = _meter.CreateCounter<long>("actors.access.reloads", unit: "{reload}", "Reloads of access rules, tokens and certificates by outcome: loaded or failed.");
        _meter.CreateObservableGauge("actors.access.alarms", () => Alarms.Count, unit: "{alarm}", "Files that changed and cannot be used, so that what was there before still holds.");
    }

    /// <summary>What could not be reloaded.</summary>
    public IReadOnlyCollection<string> Alarms => [.. _alarms.Keys];

    /// <summary>Counts a request: <c>admitted</c> or why not.</summary>
    public void Request(string outcome) => _requests.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Counts an attempt to reload; a failed one is an alarm until one succeeds.</summary>
    public void Reloaded(string what, bool loaded)
    {
        _reloads.Add(1, new("what", what), new("outcome", loaded ? "loaded" : "failed"));
        if (loaded)
        {
            _alarms.TryRemove(what, out _);
        }
        else
        {
            _alarms[what] = true;
        }
    }

    public void Dispose() => _meter.Dispose();
}
