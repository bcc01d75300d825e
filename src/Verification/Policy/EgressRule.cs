namespace Actors.Verification.Policy;

/// <summary>One target that a sandbox may reach. Exactly one of <see cref="Host"/> and <see cref="Cidr"/> is set.</summary>
public sealed record EgressRule
{
    /// <summary>A lower-case name, or <c>*.</c> and a name for any one label before it. Reached through the runner's proxy only.</summary>
    public string? Host { get; init; }

    /// <summary>Addresses in canonical form, such as <c>203.0.113.0/24</c>.</summary>
    public string? Cidr { get; init; }

    /// <summary>TCP port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The target may have private, shared or loopback addresses.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>The target speaks TLS, and the server name in it must be the host; with <see cref="Host"/> only.</summary>
    public bool Tls { get; init; } = true;
}
