using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>Lists what refers to an image: the referrers endpoint with its pages, or the fallback tag where there is no such endpoint.</summary>
internal sealed class ReferrersReader(RegistryTransport transport, ReferrersReader.FetchManifest fetch, OciLimits limits)
{
    /// <summary>Reads a manifest without parsing it.</summary>
    internal delegate Task<(string MediaType, VerifiedBytes Content)> FetchManifest(
        OciRepository repository, string reference, string what, OciDigest? expected, CancellationToken cancellationToken);

    /// <summary>All of them; an image without any has an empty list.</summary>
    /// <exception cref="RegistryException">Also for more than are accepted.</exception>
    public async Task<ReferrerList> ListAsync(OciRepository repository, OciDigest subject, string? artifactType, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var what = $"The list of referrers of {repository}@{subject}";
        try
        {
            return await FromApiAsync(repository, subject, artifactType, what, cancellationToken);
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.NotFound)
        {
            return await FromFallbackTagAsync(repository, subject, artifactType, what, cancellationToken);
        }
    }

    private async Task<ReferrerList> FromApiAsync(OciRepository repository, OciDigest subject, string? artifactType, string what, CancellationToken cancellationToken)
    {
        var gathered = new ReferrerGathering(what, artifactType, limits.Referrers);
        var seen = new HashSet<Uri>();
        for (var page = FirstPage(repository, subject, artifactType); page is not null;)
        {
            RequireNewPage(what, seen, page);
            RequireFewPages(what, seen.Count);
            var request = new RegistryRequest(what, repository, page, [OciMediaTypes.OciIndex], limits.ManifestBytes, FollowRedirects: false);
            var answer = await transport.GetAsync(request, cancellationToken);
            gathered.Add(answer.MediaType, answer.Body.AsHints(what));
            page = LinkHeader.Next(what, page, answer.Links);
        }

        return gathered.ToList(ReferrerOrigin.Api);
    }

    private async Task<ReferrerList> FromFallbackTagAsync(OciRepository repository, OciDigest subject, string? artifactType, string what, CancellationToken cancellationToken)
    {
        var gathered = new ReferrerGathering(what, artifactType, limits.Referrers);
        try
        {
            var (mediaType, content) = await fetch(repository, $"sha256-{subject.Hex}", what, null, cancellationToken);
            gathered.Add(mediaType, UncheckedBytes.ReadObject(what, content.Memory));
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.NotFound)
        {
            // Nothing was ever attached.
        }

        return gathered.ToList(ReferrerOrigin.FallbackTag);
    }

    // What the registry filters is only less to read; every entry is looked at again.
    private static Uri FirstPage(OciRepository repository, OciDigest subject, string? artifactType)
    {
        var all = RegistryEndpoint.Of(repository, "referrers", subject.ToString());
        return artifactType is null ? all : new UriBuilder(all) { Query = "artifactType=" + Uri.EscapeDataString(artifactType) }.Uri;
    }

    private static void RequireNewPage(string what, HashSet<Uri> seen, Uri page)
    {
        if (!seen.Add(page))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} continues at a page that was read before. Mend the registry.");
        }
    }

    private void RequireFewPages(string what, int pages)
    {
        if (pages > limits.ReferrerPages)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} has more than {limits.ReferrerPages} pages, the most that are read. Remove attachments that are not needed.");
        }
    }
}

/// <summary>Collects descriptors from pages of referrers.</summary>
internal sealed class ReferrerGathering(string what, string? artifactType, int most)
{
    private readonly Dictionary<OciDigest, Referrer> _found = [];
    private readonly List<Referrer> _inOrder = [];
    private int _malformed;

    /// <summary>Adds a page. An entry that is no descriptor is counted, so that it cannot hide the good ones.</summary>
    /// <exception cref="RegistryException">The page is no index, or there are more than are accepted.</exception>
    public void Add(string mediaType, JsonElement page)
    {
        RequireIndex(mediaType, page);
        foreach (var entry in page.GetProperty("manifests").EnumerateArray())
        {
            if (!OciDescriptor.TryRead(entry, out var descriptor))
            {
                AddMalformed();
            }
            else if (IsWanted(OciDescriptor.ReadString(entry, "artifactType")))
            {
                Add(new Referrer(descriptor, OciDescriptor.ReadString(entry, "artifactType")));
            }
        }
    }

    /// <summary>Adds one that was found otherwise.</summary>
    public void Add(Referrer referrer)
    {
        ArgumentNullException.ThrowIfNull(referrer);
        if (_found.TryAdd(referrer.Descriptor.Digest, referrer))
        {
            _inOrder.Add(referrer);
            RequireFew();
        }
    }

    /// <summary>Counts one that cannot be used.</summary>
    public void AddMalformed() => _malformed++;

    /// <summary>True when the list does not say that the entry is of another type.</summary>
    public bool IsWanted(string? claimedType) => artifactType is null || string.IsNullOrEmpty(claimedType) || claimedType == artifactType;

    /// <summary>What was gathered.</summary>
    public ReferrerList ToList(ReferrerOrigin origin) => new(origin, _inOrder, _malformed);

    private void RequireFew()
    {
        if (_inOrder.Count > most)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} has more than {most} entries, the most that are looked at. Remove attachments that are not needed.");
        }
    }

    private void RequireIndex(string mediaType, JsonElement page)
    {
        OciManifest.RequireSchema2(what, page);
        OciManifest.RequireDeclaredType(what, mediaType, page);
        if (mediaType != OciMediaTypes.OciIndex || OciDescriptor.Member(page, "manifests").ValueKind != JsonValueKind.Array)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is no OCI image index. Mend the registry.");
        }
    }
}
