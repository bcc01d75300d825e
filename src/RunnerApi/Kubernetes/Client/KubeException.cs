namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>Why the API server did not do what was asked.</summary>
internal enum KubeFault
{
    /// <summary>No answer, or not in time.</summary>
    Unreachable,

    /// <summary>401: the credentials are not accepted.</summary>
    Unauthorized,

    /// <summary>403: not allowed, over a quota, or an admission refused.</summary>
    Forbidden,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>409: an object of that name is there.</summary>
    AlreadyExists,

    /// <summary>409: changed in the meantime, or a precondition does not hold.</summary>
    Conflict,

    /// <summary>410: the version that was asked for is not kept any more.</summary>
    Expired,

    /// <summary>400, 415, 422: the request itself is wrong.</summary>
    Invalid,

    /// <summary>429: later.</summary>
    TooManyRequests,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>An answer in a form that is not understood, or over a bound.</summary>
    Protocol,
}

/// <summary>A typed failure of the API. The message holds the API's words and no credential.</summary>
internal sealed class KubeException(KubeFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public KubeFault Fault { get; } = fault;

    /// <summary>HTTP status; 0 when there was no answer.</summary>
    public int StatusCode { get; init; }

    /// <summary>The API's own word, such as <c>Expired</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When the server asks to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The failure that a status line and a body tell.</summary>
    internal static KubeException From(string what, int statusCode, KubeStatus? status, string text, TimeSpan? retryAfter)
    {
        var reason = status?.Reason ?? "";
        var words = TextOf(status?.Message ?? text);
        return new KubeException(FaultOf(statusCode, reason), $"{what}: {statusCode} {(reason.Length > 0 ? reason + ": " : "")}{words}")
        {
            StatusCode = statusCode,
            Reason = reason,
            RetryAfter = retryAfter ?? (status?.Details?.RetryAfterSeconds is { } s and > 0 ? TimeSpan.FromSeconds(s) : null),
        };
    }

    private static KubeFault FaultOf(int statusCode, string reason) => (statusCode, reason) switch
    {
        (401, _) => KubeFault.Unauthorized,
        (403, _) => KubeFault.Forbidden,
        (404, _) => KubeFault.NotFound,
        (409, "AlreadyExists") => KubeFault.AlreadyExists,
        (409, _) => KubeFault.Conflict,
        (410, _) => KubeFault.Expired,
        (429, _) => KubeFault.TooManyRequests,
        (>= 400 and < 500, _) => KubeFault.Invalid,
        (>= 500, _) => KubeFault.ServerError,
        _ => KubeFault.Protocol,
    };

    // What the API says can hold an image's or a node's words.
    private static string TextOf(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return line.Length == 0 ? "no reason given" : line.Length > 1000 ? line[..1000] + "…" : line;
    }
}
