using System.Net;

namespace Actors.Verification.Oci;

/// <summary>Turns a registry's status and headers into facts or typed failures.</summary>
internal static class RegistryStatus
{
    private const string DigestHeader = "Docker-Content-Digest";

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
            401 or 403 => new RegistryException(
                RegistryFault.Unavailable,
                $"{what} is not readable without credentials (status {status}), and registry credentials are not supported yet. Allow anonymous pulls of {repository}."),
            429 => new RegistryException(RegistryFault.Unavailable, $"{what} was not read: {repository.Host} limits the rate of requests. Try again later."),
            >= 500 => new RegistryException(RegistryFault.Unavailable, $"{what} was not read: {repository.Host} failed with status {status}. Mend the registry or try again later."),
            _ => new RegistryException(RegistryFault.Protocol, $"{what} was answered with status {status}, which is no answer to this request. Mend the registry."),
        };
    }

    /// <summary>The manifest's type as the registry declares it.</summary>
    /// <exception cref="RegistryException">Missing or not one of the accepted types.</exception>
    public static string ManifestType(HttpResponseMessage response, string what)
    {
        ArgumentNullException.ThrowIfNull(response);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        if (OciMediaTypes.IsSchema1(type))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is in Docker's schema 1, which cannot be verified. Push the image again with a current tool.");
        }

        if (!OciMediaTypes.Manifests.Contains(type, StringComparer.Ordinal))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came with a Content-Type that is no image manifest or index. Check that {response.RequestMessage?.RequestUri?.Authority} is a registry.");
        }

        return type;
    }

    /// <summary>The header must agree with the bytes when it is there; it is never believed instead of them.</summary>
    public static void CrossCheckDigest(HttpResponseMessage response, OciDigest digest, string what)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (response.Headers.TryGetValues(DigestHeader, out var values) && values.Any(v => v != digest.ToString()))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} has the digest {digest}, but the registry's {DigestHeader} header says otherwise. Mend the registry.");
        }
    }
}
