using Actors.Silo.Configuration;
using ModelContextProtocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Bounds the requests that one caller has in flight at this silo: calls of both eras, streams, and calls whose connection broke. A session is busy only with these, so nobody can keep all sessions busy.</summary>
internal sealed class CallsInFlight(SiloOptions options)
{
    private readonly CallerPlaces _places = new(options.MaxCallsPerCaller, int.MaxValue);

    /// <summary>A place until it is disposed; null when the caller has none left.</summary>
    public CallerPlaces.Place? TryEnter(string subject) => _places.TryEnter(subject);

    /// <summary>The answer for a caller who has none left.</summary>
    public McpFault Refusal => new(
        StatusCodes.Status429TooManyRequests,
        McpErrorCode.InvalidRequest,
        $"You have {options.MaxCallsPerCaller} requests in flight at this silo, which is the limit ({SiloOptions.Section}:{nameof(SiloOptions.MaxCallsPerCaller)}). Wait for one to end.") { RetryAfter = 1 };
}
