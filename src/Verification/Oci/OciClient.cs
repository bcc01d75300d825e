using System.Net;
using System.Net.Http.Headers;

namespace Actors.Verification.Oci;

/// <summary>A repository at a registry.</summary>
/// <param name="Host">With port, when one is needed.</param>
/// <param name="Name">Path.</param>
/// <param name="Insecure">True for plain HTTP.</param>
internal sealed record OciRepository(string Host, string Name, bool Insecure)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Host}/{Name}";
}

/// <summary>Reads manifests and blobs, anonymously. Everything that comes back was hashed here and is within its cap; time is the caller's token.
/// Failures are <see cref="RegistryException"/>.</summary>
internal sealed class OciClient : IDisposable
{
    /// <summary>Most bytes of a manifest.</summary>
    public const int MaxManifestBytes = 4 * 1024 * 1024;

    private const int MaxRedirects = 3;
    private readonly HttpClient _registry;
    private readonly HttpClient _elsewhere;

    /// <summary>A client whose redirects to another origin reach public addresses only.</summary>
    public OciClient()
        : this(EgressGuard.IsPublic)
    {
    }

    /// <summary>A client whose redirects to another origin reach what <paramref name="redirectTarget"/> accepts.</summary>
    public OciClient(Func<IPAddress, bool> redirectTarget)
    {
        _registry = CreateHttp(CreateHandler());
        var guarded = CreateHandler();
        guarded.ConnectCallback = EgressGuard.Connector(redirectTarget);
        _elsewhere = CreateHttp(guarded);
    }

    /// <summary>The manifest that the tag points to now.</summary>
    public Task<OciManifest> GetManifestAsync(OciRepository repository, string tag, CancellationToken cancellationToken) =>
        GetManifestAsync(repository, tag, $"Manifest {repository}:{tag}", expected: null, cancellationToken);

    /// <summary>The manifest of that digest.</summary>
    public Task<OciManifest> GetManifestAsync(OciRepository repository, OciDigest digest, CancellationToken cancellationToken) =>
        GetManifestAsync(repository, digest.ToString(), $"Manifest {repository}@{digest}", digest, cancellationToken);

    /// <summary>The blob that the descriptor points to; exactly its size, with its digest.</summary>
    public async Task<byte[]> GetBlobAsync(OciRepository repository, OciDescriptor blob, int cap, CancellationToken cancellationToken)
    {
        var what = $"Blob {blob.Digest} of {repository}";
        if (blob.Size > cap)
        {
            throw Protocol($"{what} is declared with {blob.Size} bytes, more than the {cap} that are accepted. Push a smaller one.");
        }

        using var response = await SendAsync(what, () => FollowAsync(what, repository, UriOf(repository, "blobs", blob.Digest.ToString()), cancellationToken));
        RegistryStatus.ThrowUnlessOk(response, what, repository);
        var bytes = await SendAsync(what, () => BoundedBody.ReadAsync(response, (int)blob.Size, what, cancellationToken));
        if (bytes.Length != blob.Size || OciDigest.Of(bytes) != blob.Digest)
        {
            throw Protocol($"{what} came with other content than its digest and size say. Mend the registry.");
        }

        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registry.Dispose();
        _elsewhere.Dispose();
    }

    private async Task<OciManifest> GetManifestAsync(OciRepository repository, string reference, string what, OciDigest? expected, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, UriOf(repository, "manifests", reference));
        foreach (var type in OciMediaTypes.Manifests)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        using var response = await SendAsync(what, () => _registry.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
        RegistryStatus.ThrowUnlessOk(response, what, repository);
        var mediaType = RegistryStatus.ManifestType(response, what);
        var bytes = await SendAsync(what, () => BoundedBody.ReadAsync(response, MaxManifestBytes, what, cancellationToken));
        var digest = OciDigest.Of(bytes);
        RegistryStatus.CrossCheckDigest(response, digest, what);
        if (expected is not null && expected != digest)
        {
            throw Protocol($"{what} came with content whose digest is {digest}. Mend the registry.");
        }

        return OciManifest.Parse(what, digest, mediaType, bytes);
    }

    private async Task<HttpResponseMessage> FollowAsync(string what, OciRepository repository, Uri start, CancellationToken cancellationToken)
    {
        var target = start;
        for (var hop = 0; ; hop++)
        {
            // A fresh request per hop: no header of one origin reaches another.
            using var request = new HttpRequestMessage(HttpMethod.Get, target);
            var http = SameOrigin(start, target) ? _registry : _elsewhere;
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!RegistryStatus.IsRedirect(response.StatusCode))
            {
                return response;
            }

            using (response)
            {
                target = NextTarget(what, repository, target, response.Headers.Location, hop);
            }
        }
    }

    private static Uri NextTarget(string what, OciRepository repository, Uri from, Uri? location, int hop)
    {
        if (hop == MaxRedirects)
        {
            throw Protocol($"{what} was redirected more than {MaxRedirects} times. Mend the registry.");
        }

        var target = location is null ? null : new Uri(from, location);
        var scheme = target?.Scheme;
        if (target is null || target.UserInfo.Length > 0 || (scheme != Uri.UriSchemeHttps && !(scheme == Uri.UriSchemeHttp && repository.Insecure)))
        {
            throw Protocol($"{what} was redirected to an address that is not followed (https only, no user name). Mend the registry.");
        }

        return target;
    }

    private static bool SameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static Uri UriOf(OciRepository repository, string kind, string reference)
    {
        var host = repository.Host == "docker.io" ? "registry-1.docker.io" : repository.Host;
        return new Uri($"{(repository.Insecure ? "http" : "https")}://{host}/v2/{repository.Name}/{kind}/{reference}", UriKind.Absolute);
    }

    private static async Task<T> SendAsync<T>(string what, Func<Task<T>> send)
    {
        try
        {
            return await send();
        }
        catch (HttpRequestException e) when (e.InnerException is EgressRefusedException refused)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} was redirected to an address that is not followed: {refused.Message}. Mend the registry.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new RegistryException(RegistryFault.Unavailable, $"{what} could not be read: no trusted TLS connection. Mend the registry's certificate, or set 'insecure: true' in its rule if it speaks plain HTTP.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new RegistryException(RegistryFault.Unavailable, $"{what} could not be read: the connection failed. Check that the registry is up and can be reached from here.", e);
        }
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = 32,

        // The rest of a refused body is not read for the sake of the connection: a hostile one has no end.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    };

    private static HttpClient CreateHttp(SocketsHttpHandler handler)
    {
        var http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("actors-runner", null));
        return http;
    }

    private static RegistryException Protocol(string message) => new(RegistryFault.Protocol, message);
}
