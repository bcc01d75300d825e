using System.Net.Http.Headers;

namespace Actors.Verification.Oci;

/// <summary>A GET at a registry.</summary>
/// <param name="What">The thing, for messages.</param>
/// <param name="Repository">Whose options and credentials hold.</param>
/// <param name="Target">At the repository's registry.</param>
/// <param name="Accept">Media types; empty for any.</param>
/// <param name="Cap">Most bytes of the body.</param>
/// <param name="FollowRedirects">True for blobs only.</param>
internal sealed record RegistryRequest(string What, OciRepository Repository, Uri Target, IReadOnlyList<string> Accept, int Cap, bool FollowRedirects);

/// <summary>A 200 with its whole body.</summary>
/// <param name="MediaType">Content-Type without parameters; empty when missing.</param>
/// <param name="Digests">Values of the digest header.</param>
/// <param name="Links">Values of the Link header.</param>
/// <param name="Body">Nothing about it was checked but its size.</param>
internal sealed record RegistryAnswer(string MediaType, IReadOnlyList<string> Digests, IReadOnlyList<string> Links, UncheckedBytes Body);

/// <summary>Sends GETs to registries: credentials when the registry asks, redirects where they are allowed, and only answers that are complete and within their cap.</summary>
internal sealed class RegistryTransport(GuardedHttp http, RegistryAuthenticator authenticator, OciLimits limits)
{
    /// <summary>Every status but 200 is a <see cref="RegistryException"/>.</summary>
    public async Task<RegistryAnswer> GetAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var response = await SendAuthorizedAsync(request, cancellationToken);
        try
        {
            if (request.FollowRedirects)
            {
                response = await FollowAsync(request, response, cancellationToken);
            }

            RegistryStatus.ThrowUnlessOk(response, request.What, request.Repository);
            var body = await GuardedHttp.ReadAsync(response, request.Cap, request.What, cancellationToken);
            return new RegistryAnswer(
                response.Content.Headers.ContentType?.MediaType ?? "",
                RegistryStatus.Header(response, RegistryStatus.DigestHeader),
                RegistryStatus.Header(response, "Link"),
                new UncheckedBytes(body));
        }
        finally
        {
            response.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAuthorizedAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        var known = authenticator.Known(request.Repository);
        var response = await SendAsync(request, request.Target, known, request.Repository.Options.ReachesPrivate, cancellationToken);
        if ((int)response.StatusCode != 401)
        {
            return response;
        }

        using (response)
        {
            var header = await authenticator.AnswerAsync(request.Repository, response.Headers.WwwAuthenticate, cancellationToken);
            return await SendAsync(request, request.Target, header, request.Repository.Options.ReachesPrivate, cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(RegistryRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var at = request.Target;
        var home = true;
        for (var hop = 1; RegistryStatus.IsRedirect(response.StatusCode); hop++)
        {
            using (response)
            {
                RequireHop(request.What, hop);
                at = RegistryEndpoint.RedirectTarget(request.What, request.Repository, at, response.Headers.Location);
            }

            // Once another origin had a say, nothing that belongs to the registry is sent again, even if it leads back.
            home = home && RegistryEndpoint.SameOrigin(request.Target, at);
            response = await SendAsync(request, at, home ? authenticator.Known(request.Repository) : null, MayReachPrivate(request, at, home), cancellationToken);
        }

        return response;
    }

    private static bool MayReachPrivate(RegistryRequest request, Uri at, bool home)
    {
        var options = request.Repository.Options;
        return home ? options.ReachesPrivate : options.RedirectHosts.Contains(RegistryEndpoint.AuthorityOf(at), StringComparer.OrdinalIgnoreCase);
    }

    private void RequireHop(string what, int hop)
    {
        if (hop > limits.Redirects)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} was redirected more than {limits.Redirects} times. Mend the registry.");
        }
    }

    // A fresh request each time: no header of one origin reaches another.
    private async Task<HttpResponseMessage> SendAsync(
        RegistryRequest request, Uri target, AuthenticationHeaderValue? authorization, bool mayReachPrivate, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, target);
        message.Headers.Authorization = authorization;
        foreach (var type in request.Accept)
        {
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        return await http.SendAsync(message, mayReachPrivate, request.What, cancellationToken);
    }
}
