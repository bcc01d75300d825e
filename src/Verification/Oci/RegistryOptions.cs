namespace Actors.Verification.Oci;

/// <summary>What the operator says of one registry. Nothing here comes from a registry.</summary>
internal sealed record RegistryOptions
{
    /// <summary>HTTPS, public addresses, no mirror.</summary>
    public static RegistryOptions Default { get; } = new();

    /// <summary>Plain HTTP; also lets the registry have a private address.</summary>
    public bool Insecure { get; init; }

    /// <summary>The registry, and the hosts of <see cref="AuthRealmHosts"/>, may have private and loopback addresses. Never link-local or metadata ones.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Authorities (<c>host[:port]</c>) besides its own where the registry may ask for a token, and so get this registry's credentials.</summary>
    public IReadOnlyList<string> AuthRealmHosts { get; init; } = [];

    /// <summary>Authorities (<c>host[:port]</c>) where the registry may redirect for blobs although they have private addresses. They get no credentials.</summary>
    public IReadOnlyList<string> RedirectHosts { get; init; } = [];

    /// <summary>Asked before the registry, in this order, for bytes whose digest is known.</summary>
    public IReadOnlyList<RegistryMirror> Mirrors { get; init; } = [];

    /// <summary>True when the registry itself may have a private address.</summary>
    public bool ReachesPrivate => Insecure || AllowPrivateAddresses;
}

/// <summary>A copy of a registry's repositories. It gets the credentials of its own host, never the registry's.</summary>
/// <param name="Host"><c>host[:port]</c>.</param>
/// <param name="Prefix">Path before the repository's name; empty for none.</param>
internal sealed record RegistryMirror(string Host, string Prefix = "")
{
    /// <summary>The mirror's own settings; its mirrors are ignored.</summary>
    public RegistryOptions Options { get; init; } = RegistryOptions.Default;

    /// <summary>True when the mirror may also say what a tag means and which referrers there are. Otherwise the registry is asked.</summary>
    public bool ResolvesTags { get; init; }

    /// <summary>The repository at the mirror.</summary>
    public OciRepository For(OciRepository origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return new OciRepository(Host, Prefix.Length == 0 ? origin.Name : $"{Prefix}/{origin.Name}", Options);
    }
}

/// <summary>A repository at a registry.</summary>
/// <param name="Host">With port, when one is needed.</param>
/// <param name="Name">Path.</param>
/// <param name="Options">Of the registry.</param>
internal sealed record OciRepository(string Host, string Name, RegistryOptions Options)
{
    /// <summary>A repository of a registry that has no settings but perhaps this.</summary>
    public OciRepository(string host, string name, bool insecure = false)
        : this(host, name, insecure ? new RegistryOptions { Insecure = true } : RegistryOptions.Default)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Host}/{Name}";
}
