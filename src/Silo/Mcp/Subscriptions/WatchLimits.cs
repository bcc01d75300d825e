using ModelContextProtocol;

namespace Actors.Silo.Mcp.Subscriptions;

/// <summary>Bounds how many resources and tasks this silo follows at once, and how long for one request: each costs a look at the database about once a second.</summary>
internal sealed class WatchLimits(TimeProvider time)
{
    /// <summary>Of one caller.</summary>
    public const int MostPerCaller = 500;

    /// <summary>In all.</summary>
    public const int Most = 5000;

    /// <summary>Of one request; who wants more asks anew, so that a token that holds no more does not follow runs for ever.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromMinutes(5);

    private readonly CallerPlaces _places = new(MostPerCaller, Most);

    /// <summary>Is cancelled when a request that begins now has had its time.</summary>
    public CancellationTokenSource BeginTime() => new(MostTime, time);

    /// <summary>Takes places, until the result is disposed.</summary>
    /// <exception cref="McpProtocolException">There are not so many left.</exception>
    public IDisposable Enter(string subject, int count) => _places.TryEnter(subject, count) ?? throw new McpProtocolException(
        $"This silo follows {_places.Of(subject)} resources and tasks for you, {MostPerCaller} are allowed, and {Most} for all together. End a subscription, or ask again later.", McpErrorCode.InvalidRequest);
}
