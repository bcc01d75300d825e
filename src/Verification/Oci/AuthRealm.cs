namespace Actors.Verification.Oci;

/// <summary>Decides whether a registry's challenge may name that place for tokens. Runs before any credential is looked up.</summary>
internal static class AuthRealm
{
    // Registries whose token endpoints are elsewhere, as their operators document.
    private static readonly Dictionary<string, string> KnownPairs = new(StringComparer.Ordinal)
    {
        ["docker.io"] = "auth.docker.io",
        ["registry.gitlab.com"] = "gitlab.com",
    };

    /// <summary>The realm as an address: the registry's own authority or one that the operator paired with it, over a scheme that the registry may use.</summary>
    /// <exception cref="RegistryException">Any other place.</exception>
    public static Uri Require(OciRepository repository, string? realm)
    {
        ArgumentNullException.ThrowIfNull(repository);
        if (!Uri.TryCreate(realm, UriKind.Absolute, out var uri))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{repository.Host} asks for a token from a realm that is no address. Mend the registry.");
        }

        RequireScheme(repository, uri);
        RequirePlain(repository, uri);
        RequireAuthority(repository, uri);
        return uri;
    }

    private static void RequireScheme(OciRepository repository, Uri realm)
    {
        if (!RegistryEndpoint.SchemeAllowed(realm, repository))
        {
            throw Refused(repository, "a realm that is not https", "Mend the registry");
        }
    }

    // A query of the registry's could ask the token service for more than pulling from this repository.
    private static void RequirePlain(OciRepository repository, Uri realm)
    {
        if (realm.UserInfo.Length > 0 || realm.Query.Length > 0 || realm.Fragment.Length > 0)
        {
            throw Refused(repository, "a realm with a user name, query or fragment", "Mend the registry");
        }
    }

    private static void RequireAuthority(OciRepository repository, Uri realm)
    {
        var authority = RegistryEndpoint.AuthorityOf(realm);
        var own = realm.Authority.Equals(new Uri($"{realm.Scheme}://{RegistryEndpoint.AuthorityOf(repository)}").Authority, StringComparison.OrdinalIgnoreCase);
        if (!own && KnownPairs.GetValueOrDefault(repository.Host) != authority && !repository.Options.AuthRealmHosts.Contains(authority, StringComparer.OrdinalIgnoreCase))
        {
            throw Refused(repository, $"a realm at '{authority}'", "If that is its token service, add it to the registry's 'auth_hosts' under the policy's 'hosts'");
        }
    }

    private static RegistryException Refused(OciRepository repository, string what, string fix) =>
        new(RegistryFault.ForbiddenAddress, $"{repository.Host} asks for its credentials to be sent to {what}, which was not done. {fix}.");
}
