using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>The activations of a silo, and the slots that they take.</summary>
/// <param name="most">Slots for new runs; those that are owned already get one even beyond.</param>
/// <param name="mostResting">Activations without a slot; further ones hold theirs.</param>
internal sealed class ActiveRuns(RunMetrics metrics, int most, int mostResting)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RunId, RunActivation> _byId = [];
    private readonly Dictionary<string, int> _bySubmitter = new(StringComparer.Ordinal);
    private readonly HashSet<RunActivation> _resting = [];
    private int _taken;

    /// <summary>Slots taken: activations that do not rest, and submits that will become one.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Activations.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byId.Count;
            }
        }
    }

    /// <summary>Takes a slot when one is free for that submitter; it is given back by <see cref="Leave"/>.</summary>
    public bool TryEnter(string submitter, int mostOfSubmitter)
    {
        lock (_gate)
        {
            if (_taken >= most || _bySubmitter.GetValueOrDefault(submitter) >= mostOfSubmitter)
            {
                return false;
            }

            Move(submitter, 1);
            return true;
        }
    }

    /// <summary>Takes a slot for a run that is owned already.</summary>
    public void Enter(string submitter)
    {
        lock (_gate)
        {
            Move(submitter, 1);
        }
    }

    /// <summary>Gives a slot back for which there is no activation.</summary>
    public void Leave(string submitter)
    {
        lock (_gate)
        {
            Move(submitter, -1);
        }
    }

    /// <summary>An activation that only waits needs no slot, and one again when it goes on, free or not. Its submitter's part counts it all the time. True when a slot became free.</summary>
    public bool Rest(RunActivation activation, bool rests)
    {
        lock (_gate)
        {
            if (rests ? _resting.Count >= mostResting || !_resting.Add(activation) : !_resting.Remove(activation))
            {
                return false;
            }

            Take(rests ? -1 : 1);
            return rests;
        }
    }

    public void Add(RunActivation activation)
    {
        lock (_gate)
        {
            _byId[activation.Id] = activation;
        }
    }

    /// <summary>Forgets the activation and gives its slot back.</summary>
    public void Remove(RunActivation activation)
    {
        lock (_gate)
        {
            Take(_resting.Remove(activation) ? 1 : 0);
            Move(activation.Submitter, -1);

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

    private void Take(int by)
    {
        _taken += by;
        metrics.SetActive(_taken);
    }

    private void Move(string submitter, int by)
    {
        Take(by);
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
