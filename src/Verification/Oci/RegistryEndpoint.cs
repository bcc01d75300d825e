namespace Actors.Verification.Oci;

/// <summary>Addresses at a registry, and what may be done with addresses that come from it.</summary>
internal static class RegistryEndpoint
{
    private const string DockerHub = "docker.io";
    private const string DockerHubEndpoint = "registry-1.docker.io";

    /// <summary><c>/v2/NAME/KIND/REFERENCE</c> of the registry.</summary>
    /// <exception cref="RegistryException">A host or name that could mean another path or place.</exception>
    public static Uri Of(OciRepository repository, string kind, string reference)
    {
        ArgumentNullException.ThrowIfNull(repository);
        RequireNames(repository, reference);
        return new Uri($"{(repository.Options.Insecure ? "http" : "https")}://{AuthorityOf(repository)}/v2/{repository.Name}/{kind}/{reference}", UriKind.Absolute);
    }

    /// <summary>Where the registry answers.</summary>
    public static string AuthorityOf(OciRepository repository) => repository.Host == DockerHub ? DockerHubEndpoint : repository.Host;

    /// <summary><c>host[:port]</c> as an operator writes it: without the scheme's own port.</summary>
    public static string AuthorityOf(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsDefaultPort ? address.IdnHost : $"{address.IdnHost}:{address.Port}";
    }

    /// <summary>The same scheme, host and port.</summary>
    public static bool SameOrigin(Uri a, Uri b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The address that a redirect leads to: https, or http for an insecure registry, and no user name.</summary>
    /// <exception cref="RegistryException">Any other.</exception>
    public static Uri RedirectTarget(string what, OciRepository repository, Uri from, Uri? location)
    {
        var target = Uri.TryCreate(from, location, out var absolute) ? absolute : throw NotFollowed(what);
        RequireWebAddress(what, repository, target);
        return target;
    }

    /// <summary>https, or http for a registry that the operator called insecure.</summary>
    public static bool SchemeAllowed(Uri target, OciRepository repository)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(repository);
        return target.Scheme == Uri.UriSchemeHttps || (target.Scheme == Uri.UriSchemeHttp && repository.Options.Insecure);
    }

    private static void RequireWebAddress(string what, OciRepository repository, Uri target)
    {
        if (target.UserInfo.Length > 0 || !SchemeAllowed(target, repository))
        {
            throw NotFollowed(what);
        }
    }

    private static RegistryException NotFollowed(string what) =>
        new(RegistryFault.Protocol, $"{what} was redirected to an address that is not followed (https only, no user name). Mend the registry.");

    private static void RequireNames(OciRepository repository, string reference)
    {
        if (!ImageReference.IsHost(repository.Host) || !ImageReference.IsRepository(repository.Name)
            || !(OciDigest.TryParse(reference, out _) || ImageReference.IsTag(reference)))
        {
            throw new RegistryException(RegistryFault.Protocol, "A registry, repository or tag is not written as the specification says. Use names such as 'ghcr.io/acme/tool:1'.");
        }
    }
}
