namespace Actors.Verification.Oci;

/// <summary>What to show a registry: a name and password, or an identity token.</summary>
internal sealed record RegistryCredential
{
    private RegistryCredential()
    {
    }

    /// <summary>With <see cref="Password"/>; null when there is an identity token.</summary>
    public string? Username { get; private init; }

    /// <summary>Secret.</summary>
    public string? Password { get; private init; }

    /// <summary>Secret; exchanged for an access token at the registry's token endpoint only.</summary>
    public string? IdentityToken { get; private init; }

    /// <summary>A name and password.</summary>
    public static RegistryCredential Basic(string username, string password) => new() { Username = username, Password = password };

    /// <summary>An identity token.</summary>
    public static RegistryCredential Identity(string token) => new() { IdentityToken = token };

    /// <summary>Says nothing, so that no log can.</summary>
    public override string ToString() => nameof(RegistryCredential);
}

/// <summary>Finds the credentials that the operator configured.</summary>
internal interface IRegistryCredentials
{
    /// <summary>Those of that very registry and repository; null for none.</summary>
    /// <param name="host">As references name it, with port.</param>
    /// <param name="repository">Path.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">They cannot be read.</exception>
    Task<RegistryCredential?> FindAsync(string host, string repository, CancellationToken cancellationToken);
}

/// <summary>No credentials for anybody.</summary>
internal sealed class AnonymousCredentials : IRegistryCredentials
{
    /// <summary>The only one.</summary>
    public static AnonymousCredentials Instance { get; } = new();

    /// <inheritdoc/>
    public Task<RegistryCredential?> FindAsync(string host, string repository, CancellationToken cancellationToken) => Task.FromResult<RegistryCredential?>(null);
}
