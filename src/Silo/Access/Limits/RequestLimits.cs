using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access.Limits;

/// <summary>Bounds requests per minute: of an address before anybody knows whose they are, then of a subject. Counted by each silo for itself.</summary>
internal sealed class RequestLimits(AccessOptions options, AccessControl access) : IDisposable
{
    private const int Segments = 6;
    private const int PrefixBytes6 = 8;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly PartitionedRateLimiter<Key> _limiter = PartitionedRateLimiter.Create<Key, Key>(key => RateLimitPartition.GetSlidingWindowLimiter(key, k => new SlidingWindowRateLimiterOptions
    {
        PermitLimit = k.PerMinute,
        Window = Window,
        SegmentsPerWindow = Segments,
        QueueLimit = 0,
    }));

    /// <summary>Null when the address may ask once more.</summary>
    public Refusal? OfAddress(IPAddress? address) => Take(new Key("address", Network(address), options.RequestsPerMinutePerAddress), "This address");

    /// <summary>Null when the caller may ask once more.</summary>
    public Refusal? OfCaller(Caller caller) => Take(new Key("subject", caller.Subject, access.Of(caller).RequestsPerMinute ?? options.RequestsPerMinute), "You");

    public void Dispose() => _limiter.Dispose();

    private Refusal? Take(Key key, string who)
    {
        using var lease = _limiter.AttemptAcquire(key);
        if (lease.IsAcquired)
        {
            return null;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Window / Segments;
        var seconds = Math.Clamp((int)Math.Ceiling(wait.TotalSeconds), 1, (int)Window.TotalSeconds);
        return new Refusal(StatusCodes.Status429TooManyRequests, "rate_limited", $"{who} made {key.PerMinute} requests within a minute, which is the limit. Try again in {seconds} s.") { RetryAfterSeconds = seconds };
    }

    // Whoever has one IPv6 address mostly has its whole /64.
    private static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(plain.GetAddressBytes().AsSpan(0, PrefixBytes6)) : plain.ToString();
    }

    private readonly record struct Key(string Kind, string Name, int PerMinute);
}
