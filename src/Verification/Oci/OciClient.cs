using System.Net;

namespace Actors.Verification.Oci;

/// <summary>Reads manifests, blobs and lists of referrers from registries and their mirrors. Everything that comes back was hashed here and is within its cap;
/// time is the caller's token. Failures are <see cref="RegistryException"/>.</summary>
internal sealed class OciClient : IImageSource, IDisposable
{
    private readonly GuardedHttp _http;
    private readonly RegistryTransport _transport;
    private readonly ReferrersReader _referrers;
    private readonly MirrorWalk _mirrors;

    /// <summary>An anonymous client.</summary>
    public OciClient()
        : this(new OciClientOptions())
    {
    }

    /// <summary>An anonymous client whose redirects to another origin reach what <paramref name="publicAddress"/> accepts.</summary>
    public OciClient(Func<IPAddress, bool> publicAddress)
        : this(new OciClientOptions { PublicAddress = publicAddress })
    {
    }

    /// <summary>A client as the options say.</summary>
    public OciClient(OciClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Limits = options.Limits;
        _http = new GuardedHttp(options);
        _transport = new RegistryTransport(_http, new RegistryAuthenticator(_http, options), Limits);
        _referrers = new ReferrersReader(_transport, FetchAsync, Limits);
        _mirrors = new MirrorWalk(Limits, options.Time);
    }

    /// <inheritdoc/>
    public OciLimits Limits { get; }

    /// <inheritdoc/>
    public Task<OciManifest> GetManifestAsync(OciRepository repository, string tag, CancellationToken cancellationToken) =>
        _mirrors.FirstAsync(repository, byDigest: false, (r, ct) => GetManifestAsync(r, tag, $"Manifest {r}:{tag}", expected: null, ct), cancellationToken);

    /// <inheritdoc/>
    public Task<OciManifest> GetManifestAsync(OciRepository repository, OciDigest digest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return _mirrors.FirstAsync(repository, byDigest: true, (r, ct) => GetManifestAsync(r, digest.ToString(), $"Manifest {r}@{digest}", digest, ct), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<VerifiedBytes> GetBlobAsync(OciRepository repository, OciDescriptor blob, int cap, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        RequireBlobCap(repository, blob, cap);
        return _mirrors.FirstAsync(repository, byDigest: true, (r, ct) => GetBlobAsync(r, blob, ct), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ReferrerList> ListReferrersAsync(OciRepository repository, OciDigest subject, string? artifactType, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _mirrors.FirstAsync(repository, byDigest: false, (r, ct) => _referrers.ListAsync(r, subject, artifactType, ct), cancellationToken, list => list.Items.Count > 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<OciManifest> GetManifestAsync(OciRepository repository, string reference, string what, OciDigest? expected, CancellationToken cancellationToken)
    {
        var (mediaType, content) = await FetchAsync(repository, reference, what, expected, cancellationToken);
        return OciManifest.Parse(what, mediaType, content);
    }

    private async Task<(string MediaType, VerifiedBytes Content)> FetchAsync(
        OciRepository repository, string reference, string what, OciDigest? expected, CancellationToken cancellationToken)
    {
        var target = RegistryEndpoint.Of(repository, "manifests", reference);
        var request = new RegistryRequest(what, repository, target, OciMediaTypes.Manifests, Limits.ManifestBytes, FollowRedirects: false);
        var answer = await _transport.GetAsync(request, cancellationToken);
        var mediaType = RegistryStatus.ManifestType(answer.MediaType, what);
        var content = expected is null ? answer.Body.AsNamed() : answer.Body.AsExpected(what, expected);
        RegistryStatus.CrossCheckDigest(answer.Digests, content.Digest, what);
        return (mediaType, content);
    }

    private async Task<VerifiedBytes> GetBlobAsync(OciRepository repository, OciDescriptor blob, CancellationToken cancellationToken)
    {
        var what = $"Blob {blob.Digest} of {repository}";
        var target = RegistryEndpoint.Of(repository, "blobs", blob.Digest.ToString());
        var answer = await _transport.GetAsync(new RegistryRequest(what, repository, target, [], (int)blob.Size, FollowRedirects: true), cancellationToken);
        return answer.Body.AsExpected(what, blob);
    }

    private static void RequireBlobCap(OciRepository repository, OciDescriptor blob, int cap)
    {
        if (blob.Size > cap)
        {
            throw new RegistryException(
                RegistryFault.TooLarge, $"Blob {blob.Digest} of {repository} is declared with {blob.Size} bytes, more than the {cap} that are accepted. Push a smaller one.");
        }
    }
}
