using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>The activations of a silo, and the slots that they take.</summary>
internal sealed class ActiveRuns(RunMetrics metrics)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, RunActivation> _byId = [];
    private readonly Dictionary<string, int> _bySubmitter = new(StringComparer.Ordinal);
    private int _taken;

    /// <summary>Slots taken: activations, and submits that will become one.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Takes a slot when one is free for that submitter; it is given back by <see cref="Leave"/>.</summary>
    public bool TryEnter(string submitter, int most, int mostOfSubmitter)
    {
        lock (_gate)
        {
            if (_taken >= most || _bySubmitter.GetValueOrDefault(submitter) >= mostOfSubmitter)
            {
                return false;
            }

            Count(submitter, 1);
            return true;
        }
    }

    /// <summary>Takes a slot for a run that is owned already.</summary>
    public void Enter(string submitter)
    {
        lock (_gate)
        {
            Count(submitter, 1);
        }
    }

    public void Leave(string submitter)
    {
        lock (_gate)
        {
            Count(submitter, -1);
        }
    }

    public void Add(RunActivation activation)
    {
        lock (_gate)
        {
            _byId[activation.Id] = activation;
        }
    }

    public void Remove(RunActivation activation)
    {
        lock (_gate)
        {
            // It may have been claimed again meanwhile.
            if (_byId.TryGetValue(activation.Id, out var found) && ReferenceEquals(found, activation))
            {
                _byId.Remove(activation.Id);
            }
        }
    }

    public RunActivation? Find(RunId id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id);
        }
    }

    public IReadOnlyList<RunActivation> All()
    {
        lock (_gate)
        {
            return [.. _byId.Values];
        }
    }

    private void Count(string submitter, int by)
    {
        _taken += by;
        metrics.SetActive(_taken);
        var count = _bySubmitter.GetValueOrDefault(submitter) + by;
        if (count == 0)
        {
            _bySubmitter.Remove(submitter);
        }
        else
        {
            _bySubmitter[submitter] = count;
        }
    }
}
