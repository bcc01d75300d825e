using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Egress;

/// <summary>Every connection of one sandbox: the first ones listed, all counted. What is known is written to disk soon after each change, so that a crash loses little.</summary>
internal sealed class EgressLog(TimeProvider time, Action<EgressEvidence> write)
{
    private const int MaxListed = 100;

    private readonly Lock _gate = new();
    private readonly List<EgressConnection> _earlier = [];
    private readonly List<EgressEntry> _listed = [];
    private readonly HashSet<EgressEntry> _open = [];
    private readonly Dictionary<string, long> _notListed = new(StringComparer.Ordinal);
    private Task _writing = Task.CompletedTask;
    private long _up;
    private long _down;
    private bool _dirty;
    private bool _finished;
    private string? _sealed;

    /// <summary>Connections so far.</summary>
    public long Total { get; private set; }

    /// <summary>Goes on with what an earlier process wrote; what was open then ended with it.</summary>
    public void Restore(EgressEvidence earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        lock (_gate)
        {
            _earlier.AddRange(earlier.Connections.Take(MaxListed).Select(c => c.Verdict == EgressVerdicts.Open ? c with { Verdict = EgressVerdicts.RunnerEnded } : c));
            foreach (var (verdict, count) in earlier.NotListed)
            {
                var key = verdict == EgressVerdicts.Open ? EgressVerdicts.RunnerEnded : verdict;
                _notListed[key] = _notListed.GetValueOrDefault(key) + count;
            }

            (_up, _down) = (earlier.BytesUp, earlier.BytesDown);
            Total = _earlier.Count + _notListed.Values.Sum();
        }
    }

    /// <summary>A connection came.</summary>
    public EgressEntry Begin(string host, int port)
    {
        var entry = new EgressEntry(host, port, time);
        lock (_gate)
        {
            Total++;
            _open.Add(entry);
            if (_earlier.Count + _listed.Count < MaxListed)
            {
                _listed.Add(entry);
            }

            if (_sealed is { } verdict)
            {
                Close(entry, verdict);
            }

            Changed();
        }

        return entry;
    }

    /// <summary>A connection ended.</summary>
    public void End(EgressEntry entry, string verdict)
    {
        lock (_gate)
        {
            Close(entry, verdict);
            Changed();
        }
    }

    /// <summary>Ends all that is open, and whatever still comes.</summary>
    public void Seal(string verdict)
    {
        lock (_gate)
        {
            _sealed ??= verdict;
            foreach (var entry in _open.ToArray())
            {
                Close(entry, verdict);
                Changed();
            }
        }
    }

    /// <summary>Returns when everything is on disk; nothing is written after that.</summary>
    public Task FinishAsync()
    {
        lock (_gate)
        {
            _finished = true;
            return _writing;
        }
    }

    /// <summary>What is known now.</summary>
    public EgressEvidence View()
    {
        lock (_gate)
        {
            var open = _open.Select(e => e.Bytes).ToList();
            var notListed = new Dictionary<string, long>(_notListed, StringComparer.Ordinal);
            var openNotListed = _open.Count - _listed.Count(_open.Contains);
            if (openNotListed > 0)
            {
                notListed[EgressVerdicts.Open] = openNotListed;
            }

            return new EgressEvidence
            {
                Connections = [.. _earlier, .. _listed.Select(e => e.View())],
                NotListed = notListed,
                BytesUp = _up + open.Sum(b => b.Up),
                BytesDown = _down + open.Sum(b => b.Down),
            };
        }
    }

    private void Close(EgressEntry entry, string verdict)
    {
        if (!_open.Remove(entry) || !entry.TryEnd(verdict))
        {
            return;
        }

        var (up, down) = entry.Bytes;
        (_up, _down) = (_up + up, _down + down);
        if (!_listed.Contains(entry))
        {
            _notListed[verdict] = _notListed.GetValueOrDefault(verdict) + 1;
        }
    }

    // One writer at a time; what changes while it writes is written by its next round.
    private void Changed()
    {
        if (_dirty || _finished)
        {
            return;
        }

        _dirty = true;
        _writing = _writing.ContinueWith(_ => Write(), CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
    }

    private void Write()
    {
        lock (_gate)
        {
            _dirty = false;
        }

        write(View());
    }
}
