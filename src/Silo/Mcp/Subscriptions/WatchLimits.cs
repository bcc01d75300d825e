using ModelContextProtocol;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>Bounds how many resources and tasks this silo follows at once: each costs a look at the database about once a second.</summary>
internal sealed class WatchLimits
{
    /// <summary>Of one caller.</summary>
    public const int MostPerCaller = 500;

    /// <summary>In all.</summary>
    public const int Most = 5000;

    private readonly Dictionary<string, int> _byCaller = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _all;

    /// <summary>Takes places, until the result is disposed.</summary>
    /// <exception cref="McpProtocolException">There are not so many left.</exception>
    public IDisposable Enter(string subject, int count)
    {
        lock (_lock)
        {
            var mine = _byCaller.GetValueOrDefault(subject);
            if (mine + count > MostPerCaller || _all + count > Most)
            {
                throw new McpProtocolException($"This silo follows {mine} resources and tasks for you, {MostPerCaller} are allowed, and {Most} for all together. End a subscription, or ask again later.", McpErrorCode.InvalidRequest);
            }

            _byCaller[subject] = mine + count;
            _all += count;
        }

        return new Place(this, subject, count);
    }

    private void Leave(string subject, int count)
    {
        lock (_lock)
        {
            _all -= count;
            if ((_byCaller[subject] -= count) == 0)
            {
                _byCaller.Remove(subject);
            }
        }
    }

    private sealed class Place(WatchLimits limits, string subject, int count) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                limits.Leave(subject, count);
            }
        }
    }
}
