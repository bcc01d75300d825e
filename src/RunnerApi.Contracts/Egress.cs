namespace Actors.RunnerApi.Contracts;

/// <summary>What a sandbox did through the runner's proxy. Connections to addresses that its profile opens directly are not seen.</summary>
public sealed record EgressEvidence
{
    /// <summary>The first connections in the order they came, refused ones too; at most 100.</summary>
    public IReadOnlyList<EgressConnection> Connections { get; init; } = [];

    /// <summary>Later connections, counted by <see cref="EgressConnection.Verdict"/>.</summary>
    public IReadOnlyDictionary<string, long> NotListed { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Bytes from the sandbox to all targets.</summary>
    public long BytesUp { get; init; }

    /// <summary>Bytes from all targets to the sandbox.</summary>
    public long BytesDown { get; init; }
}

/// <summary>One connection.</summary>
public sealed record EgressConnection
{
    /// <summary>The target as it was asked for, at most 256 characters; empty when the request could not be read.</summary>
    public required string Host { get; init; }

    /// <summary>Its port; 0 when the request could not be read.</summary>
    public required int Port { get; init; }

    /// <summary>The address that was connected to; null when none was.</summary>
    public string? Address { get; init; }

    /// <summary>Bytes that the target got.</summary>
    public long BytesUp { get; init; }

    /// <summary>Bytes that the sandbox got.</summary>
    public long BytesDown { get; init; }

    /// <summary>When it came, UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Milliseconds from then to its end, or until now while it is open.</summary>
    public double DurationMs { get; init; }

    /// <summary>One of <see cref="EgressVerdicts"/>.</summary>
    public required string Verdict { get; init; }
}

/// <summary>How a connection ended, or why there was none.</summary>
public static class EgressVerdicts
{
    /// <summary>Still open.</summary>
    public const string Open = "open";

    /// <summary>Both sides ended it in good order.</summary>
    public const string Closed = "closed";

    /// <summary>One side broke it off.</summary>
    public const string Broken = "broken";

    /// <summary>The sandbox ended while it was open.</summary>
    public const string SandboxEnded = "sandbox_ended";

    /// <summary>The runner ended while it was open.</summary>
    public const string RunnerEnded = "runner_ended";

    /// <summary>No bytes for too long.</summary>
    public const string IdleTimeout = "idle_timeout";

    /// <summary>Open for too long.</summary>
    public const string TimeLimit = "time_limit";

    /// <summary>The sandbox' bytes are used up.</summary>
    public const string ByteLimit = "byte_limit";

    /// <summary>As many connections at once, or in all, as a sandbox may have.</summary>
    public const string ConnectionLimit = "connection_limit";

    /// <summary>Refused: the request is not a CONNECT in the strict form that the proxy reads.</summary>
    public const string BadRequest = "bad_request";

    /// <summary>Refused: no rule names the host.</summary>
    public const string HostNotAllowed = "host_not_allowed";

    /// <summary>Refused: rules name the host, but not this port.</summary>
    public const string PortNotAllowed = "port_not_allowed";

    /// <summary>Refused: the name has an address that is not public, and the rule does not allow private ones; or one that is never reached.</summary>
    public const string AddressNotAllowed = "address_not_allowed";

    /// <summary>The name does not resolve.</summary>
    public const string NameNotResolved = "name_not_resolved";

    /// <summary>The target does not accept connections.</summary>
    public const string ConnectFailed = "connect_failed";

    /// <summary>Refused: what came is no TLS ClientHello in the bounds that are read.</summary>
    public const string NotTls = "not_tls";

    /// <summary>Refused: the ClientHello did not come in time.</summary>
    public const string TlsTimeout = "tls_timeout";

    /// <summary>Refused: the ClientHello names no server.</summary>
    public const string ServerNameMissing = "server_name_missing";

    /// <summary>Refused: the ClientHello names another server.</summary>
    public const string ServerNameMismatch = "server_name_mismatch";

    /// <summary>Refused: the ClientHello is encrypted (ECH), so the server that is meant cannot be seen.</summary>
    public const string ServerNameHidden = "server_name_hidden";
}
