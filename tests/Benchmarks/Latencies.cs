namespace Actors.Benchmarks;

/// <summary>Milliseconds, from any number of threads.</summary>
internal sealed class Latencies
{
    private readonly List<double> _values = [];

    public int Count
    {
        get
        {
            lock (_values)
            {
                return _values.Count;
            }
        }
    }

    public void Add(double milliseconds)
    {
        lock (_values)
        {
            _values.Add(milliseconds);
        }
    }

    /// <summary>A percentile, 0 to 1.</summary>
    public double At(double share)
    {
        lock (_values)
        {
            if (_values.Count == 0)
            {
                return double.NaN;
            }

            var sorted = _values.Order().ToList();
            return Math.Round(sorted[(int)(share * (sorted.Count - 1))], 2);
        }
    }
}
