using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Holds the policy that decides, and takes its place when a file of it changes. A policy with faults never does: the old one stays, with an alarm.
/// Files are read again on a timer and compared by content, so that it does not matter how they were replaced.</summary>
internal sealed partial class PolicySource : IDisposable
{
    private readonly PolicyOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PolicyMetrics _metrics;
    private readonly ITimer? _timer;
    private readonly Lock _loading = new();
    private volatile State _state;
    private volatile bool _disposed;

    /// <summary>Loads the policy and starts to watch it.</summary>
    /// <exception cref="PolicyException">It has faults.</exception>
    public PolicySource(PolicyOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        var load = PolicyLoader.Attempt(options.PolicyFile);
        _state = new State(load.Policy ?? throw new PolicyException(load.Faults), time.GetUtcNow(), load.Files, ReloadAlarm: null);
        _metrics = new PolicyMetrics(() => Status.Alarms.Count);
        LogLoaded(_logger, options.PolicyFile, Current.Revision, Current.Rules.Count, Current.Profiles.Count);
        WarnOfOldRoots();
        if (options.ReloadEvery > TimeSpan.Zero)
        {
            _timer = time.CreateTimer(_ => OnTimer(), state: null, options.ReloadEvery, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The policy that decides now. A decision takes it once.</summary>
    public PolicyDocument Current => _state.Policy;

    /// <summary>Counters.</summary>
    public PolicyMetrics Metrics => _metrics;

    /// <summary>How it is.</summary>
    public PolicyStatus Status
    {
        get
        {
            var state = _state;
            IEnumerable<PolicyAlarm> alarms = OldRoots(state.Policy);
            return new PolicyStatus(
                state.Policy.Revision, state.LoadedAt, state.Policy.Rules.Count, state.Policy.Profiles.Count, state.ReloadAlarm is null ? [.. alarms] : [state.ReloadAlarm, .. alarms]);
        }
    }

    /// <summary>Loads the policy anew when a file that it is made of has changed since the last attempt.</summary>
    public void Refresh()
    {
        lock (_loading)
        {
            if (_state.Files.Any(f => f.HasChanged()))
            {
                Load();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _timer?.Dispose();
        _metrics.Dispose();
    }

    private void Load()
    {
        var load = PolicyLoader.Attempt(_options.PolicyFile);
        var now = _time.GetUtcNow();
        _metrics.Reloaded(load.Policy is not null);
        if (load.Policy is null)
        {
            var faults = string.Join(" ", load.Faults.Take(5));
            var message = $"The policy that is there now has {load.Faults.Count} fault(s), so revision {Current.Revision} still decides. {faults}";
            _state = _state with { Files = load.Files, ReloadAlarm = new PolicyAlarm("policy_reload_failed", message, _state.ReloadAlarm?.Since ?? now) };
            LogKept(_logger, _options.PolicyFile, Current.Revision, load.Faults.Count, faults);
            return;
        }

        _state = new State(load.Policy, now, load.Files, ReloadAlarm: null);
        LogLoaded(_logger, _options.PolicyFile, Current.Revision, Current.Rules.Count, Current.Profiles.Count);
        WarnOfOldRoots();
    }

    private void OnTimer()
    {
        try
        {
            Refresh();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Thrown here it would end the process; the next look may succeed.
            LogWatchFailed(_logger, e, _options.PolicyFile);
        }

        if (!_disposed)
        {
            _timer?.Change(_options.ReloadEvery, Timeout.InfiniteTimeSpan);
        }
    }

    private void WarnOfOldRoots()
    {
        foreach (var alarm in OldRoots(Current))
        {
            LogOldRoot(_logger, alarm.Message);
        }
    }

    private List<PolicyAlarm> OldRoots(PolicyDocument policy) =>
    [
        .. policy.TrustRoots.Where(r => r.Value.IsOld(_time.GetUtcNow())).Select(r => new PolicyAlarm(
            "trust_root_old",
            $"The trust root '{r.Key}' is the snapshot of {r.Value.SnapshotAt:yyyy-MM-dd} that came with this program. Put a current trusted root in a file and name it under 'trust_roots', or update the program.",
            r.Value.SnapshotAt!.Value + TrustedRoot.OldestSnapshot)),
    ];

    private sealed record State(PolicyDocument Policy, DateTimeOffset LoadedAt, IReadOnlyList<FileStamp> Files, PolicyAlarm? ReloadAlarm);
}
