namespace Actors.Silo.Mcp;

/// <summary>Places of which one caller may have so many, and all callers together so many.</summary>
internal sealed class CallerPlaces(int mostPerCaller, int most)
{
    private readonly Dictionary<string, int> _byCaller = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _all;

    /// <summary>How many a caller has.</summary>
    public int Of(string subject)
    {
        lock (_lock)
        {
            return _byCaller.GetValueOrDefault(subject);
        }
    }

    /// <summary>Takes places until the result is disposed; null when there are not so many left.</summary>
    public Place? TryEnter(string subject, int count = 1)
    {
        lock (_lock)
        {
            var mine = _byCaller.GetValueOrDefault(subject);
            if (mine + count > mostPerCaller || _all + count > most)
            {
                return null;
            }

            _byCaller[subject] = mine + count;
            _all += count;
        }

        return new Place(new Taken(this, subject, count));
    }

    private void Leave(string subject, int count)
    {
        lock (_lock)
        {
            _all -= count;
            var mine = _byCaller.GetValueOrDefault(subject) - count;
            if (mine <= 0)
            {
                _byCaller.Remove(subject);
            }
            else
            {
                _byCaller[subject] = mine;
            }
        }
    }

    /// <summary>Places that were taken together, for one of their holders: the last one gives them back.</summary>
    internal sealed class Place : IDisposable
    {
        private readonly Taken _taken;
        private int _left;

        public Place(Taken taken)
        {
            _taken = taken;
            _taken.Hold();
        }

        /// <summary>The same places for one more holder.</summary>
        public Place Share() => new(_taken);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                _taken.Release();
            }
        }
    }

    internal sealed class Taken(CallerPlaces places, string subject, int count)
    {
        private int _holders;

        public void Hold() => Interlocked.Increment(ref _holders);

        public void Release()
        {
            if (Interlocked.Decrement(ref _holders) == 0)
            {
                places.Leave(subject, count);
            }
        }
    }
}
