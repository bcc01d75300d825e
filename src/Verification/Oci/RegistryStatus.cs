using System.Net;

namespace Actors.Verification.Oci;

/// <summary>Turns a registry's status and headers into facts or typed failures.</summary>
internal static class RegistryStatus
{
    /// <summary>Carries what the registry thinks the digest is.</summary>
    public const string DigestHeader = "Docker-Content-Digest";

    /// <summary>True for the redirects that a GET follows.</summary>
    public static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    /// <summary>Returns for 200 only.</summary>
    /// <exception cref="RegistryException">Any other status.</exception>
    public static void ThrowUnlessOk(HttpResponseMessage response, string what, OciRepository repository)
    {
        ArgumentNullException.ThrowIfNull(response);
        var status = (int)response.StatusCode;
        if (status == 200)
        {
            return;
        }

        throw status switch
        {
            404 => new RegistryException(RegistryFault.NotFound, $"{what} does not exist. Check the name, or push it."),
            405 or 501 => new RegistryException(RegistryFault.NotFound, $"{what} is nothing that {repository.Host} offers (status {status}). Use a registry that follows the OCI distribution specification."),
            401 => new RegistryException(RegistryFault.Unauthorized, $"{what} needs credentials that {repository.Host} accepts. Add them for {repository} to the registry auth file, or allow anonymous pulls."),
            403 => new RegistryException(RegistryFault.Unauthorized, $"{what} is not readable with the credentials for {repository} (status 403). Allow them to pull it."),
            429 => new RegistryException(RegistryFault.Unavailable, $"{what} was not read: {repository.Host} limits the rate of requests. Try again later."),
            >= 500 => new RegistryException(RegistryFault.Unavailable, $"{what} was not read: {repository.Host} failed with status {status}. Mend the registry or try again later."),
            _ => new RegistryException(RegistryFault.Protocol, $"{what} was answered with status {status}, which is no answer to this request. Mend the registry."),
        };
    }

    /// <summary>The manifest's type as the registry declares it.</summary>
    /// <exception cref="RegistryException">Missing or not one of the accepted types.</exception>
    public static string ManifestType(string type, string what)
    {
        ArgumentNullException.ThrowIfNull(type);
        RefuseSchema1(type, what);
        RequireManifestType(type, what);
        return type;
    }

    /// <summary>The header must agree with the bytes when it is there; it is never believed instead of them.</summary>
    public static void CrossCheckDigest(IReadOnlyList<string> headers, OciDigest digest, string what)
    {
        ArgumentNullException.ThrowIfNull(digest);
        if (headers.Any(v => v != digest.ToString()))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} has the digest {digest}, but the registry's {DigestHeader} header says otherwise. Mend the registry.");
        }
    }

    /// <summary>Bodies are not decompressed: the digest is of the bytes as they are, and a small body could become a huge one.</summary>
    public static void RequireNoEncoding(HttpResponseMessage response, string what)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (response.Content.Headers.ContentEncoding.Any(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came compressed (Content-Encoding), which was not asked for. Mend the registry.");
        }
    }

    /// <summary>A header's values, or none.</summary>
    public static IReadOnlyList<string> Header(HttpResponseMessage response, string name)
    {
        ArgumentNullException.ThrowIfNull(response);
        return response.Headers.TryGetValues(name, out var values) ? [.. values] : [];
    }

    private static void RefuseSchema1(string type, string what)
    {
        if (OciMediaTypes.IsSchema1(type))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is in Docker's schema 1, which cannot be verified. Push the image again with a current tool.");
        }
    }

    private static void RequireManifestType(string type, string what)
    {
        if (!OciMediaTypes.Manifests.Contains(type, StringComparer.Ordinal))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came with a Content-Type that is no image manifest or index. Check that its host is a registry.");
        }
    }
}
