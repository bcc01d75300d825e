using System.Globalization;
using Actors.Verification.Oci;

namespace Actors.Verification.Cosign;

/// <summary>Where signatures and attestations of an image are kept.</summary>
internal enum AttachmentLayout
{
    /// <summary>Tag <c>sha256-HEX.sig</c>: signatures of cosign before version 3.</summary>
    SignatureTag,

    /// <summary>Tag <c>sha256-HEX.att</c>: attestations of cosign before version 3.</summary>
    AttestationTag,

    /// <summary>Sigstore bundles among the referrers, or under the fallback tag <c>sha256-HEX</c>.</summary>
    Bundles,
}

/// <summary>What is attached to one image, read layout by layout when asked for, each once. For one decision: not safe to share between threads.</summary>
/// <param name="source">Where images are.</param>
/// <param name="repository">Where the attachments are.</param>
/// <param name="image">Digest of the image.</param>
/// <param name="elsewhere">True when that is another repository than the image's, which evidence then tells.</param>
internal sealed class Attachments(IImageSource source, OciRepository repository, OciDigest image, bool elsewhere = false)
{
    private readonly BudgetedSource _source = new(source);
    private readonly Dictionary<AttachmentLayout, IReadOnlyList<Candidate>> _lists = [];

    /// <summary>Entries of the list of referrers that were no descriptors, as far as it was read.</summary>
    public int Malformed { get; private set; }

    /// <summary>The candidates of a layout; empty when there are none. A list that cannot be read is a candidate that fails.</summary>
    public async Task<IReadOnlyList<Candidate>> ListAsync(AttachmentLayout layout, CancellationToken cancellationToken)
    {
        if (!_lists.TryGetValue(layout, out var list))
        {
            list = await ReadAsync(layout, cancellationToken);
            foreach (var candidate in list.Where(_ => elsewhere))
            {
                candidate.Facts["repository"] = repository.ToString();
            }

            _lists.Add(layout, list);
        }

        return list;
    }

    private async Task<IReadOnlyList<Candidate>> ReadAsync(AttachmentLayout layout, CancellationToken cancellationToken)
    {
        try
        {
            return layout == AttachmentLayout.Bundles
                ? await ReadBundlesAsync(cancellationToken)
                : await ReadTagAsync(layout == AttachmentLayout.AttestationTag, cancellationToken);
        }
        catch (RegistryException e)
        {
            return [Unreadable(layout, e)];
        }
    }

    private async Task<IReadOnlyList<Candidate>> ReadTagAsync(bool attestation, CancellationToken cancellationToken)
    {
        var tag = $"sha256-{image.Hex}.{(attestation ? "att" : "sig")}";
        if (await _source.FindManifestAsync(repository, tag, cancellationToken) is not { } list)
        {
            return [];
        }

        var layers = list.Layers;
        RequireFew(layers.Count, attestation ? "attestations" : "signatures");
        return [.. layers.Select((layer, i) => Locate(new TagCandidate(_source, repository, layer, attestation), list.Digest, i))];
    }

    private async Task<IReadOnlyList<Candidate>> ReadBundlesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return [.. await ListBundlesAsync(artifactType: null, cancellationToken)];
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.TooLarge)
        {
            // Scans and lists of parts pile up beside signatures. Those that say that they are bundles may settle the decision; when they do not, what was left out still counts as what it may have held.
            return [.. await ListBundlesAsync(BundleCandidate.CurrentType, cancellationToken), Unreadable(AttachmentLayout.Bundles, e)];
        }
    }

    private async Task<IEnumerable<Candidate>> ListBundlesAsync(string? artifactType, CancellationToken cancellationToken)
    {
        var list = await _source.ListReferrersAsync(repository, image, artifactType, cancellationToken);
        Malformed = list.Malformed;

        // Those that say that they are bundles first: they settle most decisions without the others being fetched.
        return list.Items.OrderByDescending(BundleCandidate.IsClaimed).Select(r => new BundleCandidate(_source, repository, r, list.Origin));
    }

    private static UnreadableCandidate Unreadable(AttachmentLayout layout, RegistryException why) => new(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(layout.ToString()), why);

    private static TagCandidate Locate(TagCandidate candidate, OciDigest manifest, int index)
    {
        candidate.Facts["manifest"] = manifest.ToString();
        candidate.Facts["index"] = index.ToString(CultureInfo.InvariantCulture);
        return candidate;
    }

    private void RequireFew(int count, string what)
    {
        if (count > _source.Limits.Signatures)
        {
            throw new RegistryException(
                RegistryFault.TooLarge,
                $"{repository}@{image} has {count} {what}, more than the {_source.Limits.Signatures} that are looked at. Remove those that are not needed.");
        }
    }
}
