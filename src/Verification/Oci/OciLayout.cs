using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>Reads an OCI image layout directory as if it were the registry of every repository, for checks without a network.
/// Tags are the <c>org.opencontainers.image.ref.name</c> annotations of <c>index.json</c>; referrers are its manifests that name the image as their subject, and the fallback tag.</summary>
internal sealed class OciLayout : IImageSource
{
    private const string RefName = "org.opencontainers.image.ref.name";
    private const int MaxEntries = 1000;
    private readonly string _directory;
    private readonly IReadOnlyList<OciDescriptor> _entries;

    private OciLayout(string directory, IReadOnlyList<OciDescriptor> entries, OciLimits limits) => (_directory, _entries, Limits) = (directory, entries, limits);

    /// <inheritdoc/>
    public OciLimits Limits { get; }

    /// <summary>The only image of the layout, attachments aside; null when there are several. Where some entries have names, those without are taken for attachments.</summary>
    public OciDigest? OnlyImage
    {
        get
        {
            var named = _entries.Where(e => e.Annotation(RefName) is not null).Where(e => !IsAttachmentName(e.Annotation(RefName)!)).ToList();
            return (named.Count > 0 ? named : _entries).Select(e => e.Digest).Distinct().ToList() is [var only] ? only : null;
        }
    }

    /// <summary>Reads <c>oci-layout</c> and <c>index.json</c>.</summary>
    /// <exception cref="RegistryException">No layout of version 1.0.0, or too large.</exception>
    public static OciLayout Open(string directory, OciLimits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        limits ??= new OciLimits();
        var what = $"The image layout '{directory}'";
        var marker = ReadFile(directory, "oci-layout", 4096, what).AsHints(what);
        RequireVersion(what, marker);
        var index = ReadFile(directory, "index.json", limits.ManifestBytes, what).AsHints(what);
        return new OciLayout(directory, Entries(index, what), limits);
    }

    /// <inheritdoc/>
    public async Task<OciManifest> GetManifestAsync(OciRepository repository, string tag, CancellationToken cancellationToken)
    {
        var named = _entries.Where(e => Names(e, tag)).DistinctBy(e => e.Digest).ToList();
        return named.Count switch
        {
            0 => throw NotFound($"Tag {tag}"),
            1 => await ReadManifestAsync(named[0], cancellationToken),
            _ => throw new RegistryException(RegistryFault.Protocol, $"Tag {tag} of the image layout '{_directory}' names {named.Count} manifests. Give it to one of them."),
        };
    }

    /// <inheritdoc/>
    public async Task<OciManifest> GetManifestAsync(OciRepository repository, OciDigest digest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(digest);
        if (_entries.FirstOrDefault(e => e.Digest == digest) is { } entry)
        {
            return await ReadManifestAsync(entry, cancellationToken);
        }

        var what = $"Manifest {digest} of the image layout '{_directory}'";
        var content = (await ReadBlobAsync(digest, Limits.ManifestBytes, what, cancellationToken)).AsExpected(what, digest);
        var root = UncheckedBytes.ReadObject(what, content.Memory);
        return OciManifest.Parse(what, RegistryStatus.ManifestType(OciDescriptor.ReadString(root, "mediaType") ?? OciMediaTypes.OciManifest, what), content);
    }

    /// <inheritdoc/>
    public async Task<VerifiedBytes> GetBlobAsync(OciRepository repository, OciDescriptor blob, int cap, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blob);
        var what = $"Blob {blob.Digest} of the image layout '{_directory}'";
        return (await ReadBlobAsync(blob.Digest, cap, what, cancellationToken)).AsExpected(what, blob);
    }

    /// <inheritdoc/>
    public async Task<ReferrerList> ListReferrersAsync(OciRepository repository, OciDigest subject, string? artifactType, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var gathered = new ReferrerGathering($"The list of referrers of {subject} in the image layout '{_directory}'", artifactType, Limits.Referrers);
        foreach (var entry in _entries.Where(e => OciMediaTypes.IsImage(e.MediaType)))
        {
            await LookAtAsync(entry, subject, gathered, cancellationToken);
        }

        if (_entries.FirstOrDefault(e => Names(e, $"sha256-{subject.Hex}")) is { } fallback)
        {
            var what = $"Manifest {fallback.Digest} of the image layout '{_directory}'";
            var content = (await ReadBlobAsync(fallback.Digest, Limits.ManifestBytes, what, cancellationToken)).AsExpected(what, fallback);
            gathered.Add(fallback.MediaType, UncheckedBytes.ReadObject(what, content.Memory));
        }

        return gathered.ToList(ReferrerOrigin.Layout);
    }

    private async Task LookAtAsync(OciDescriptor entry, OciDigest subject, ReferrerGathering gathered, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = await ReadManifestAsync(entry, cancellationToken);
            if (manifest.Subject?.Digest == subject && gathered.IsWanted(manifest.ArtifactType))
            {
                gathered.Add(new Referrer(entry, manifest.ArtifactType));
            }
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.Protocol or RegistryFault.NotFound)
        {
            // Junk beside the good ones must not hide them.
            gathered.AddMalformed();
        }
    }

    private async Task<OciManifest> ReadManifestAsync(OciDescriptor entry, CancellationToken cancellationToken)
    {
        var what = $"Manifest {entry.Digest} of the image layout '{_directory}'";
        var mediaType = RegistryStatus.ManifestType(entry.MediaType, what);
        return OciManifest.Parse(what, mediaType, (await ReadBlobAsync(entry.Digest, Limits.ManifestBytes, what, cancellationToken)).AsExpected(what, entry));
    }

    private async Task<UncheckedBytes> ReadBlobAsync(OciDigest digest, int cap, string what, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await Task.Run(() => ReadFile(_directory, Path.Combine("blobs", "sha256", digest.Hex), cap, what), cancellationToken);
    }

    private static UncheckedBytes ReadFile(string directory, string name, int cap, string what)
    {
        try
        {
            using var file = new FileStream(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.Read);
            RequireFileCap(what, name, file.Length, cap);

            // A file that grows meanwhile is cut at the size that was checked; its digest then says so.
            var bytes = new byte[Math.Min(file.Length, cap)];
            file.ReadExactly(bytes);
            return new UncheckedBytes(bytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RegistryException(RegistryFault.NotFound, $"{what}: there is no file '{name}'. Check the path, or add it to the layout.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryFault.Unavailable, $"{what}: the file '{name}' cannot be read. Check its permissions.", e);
        }
    }

    private static List<OciDescriptor> Entries(JsonElement index, string what)
    {
        OciManifest.RequireSchema2(what, index);
        OciManifest.RequireDeclaredType(what, OciMediaTypes.OciIndex, index);
        var manifests = OciDescriptor.Member(index, "manifests");
        if (manifests.ValueKind != JsonValueKind.Array)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} has no list of manifests in index.json. Write it again.");
        }

        RequireFew(what, manifests);
        return [.. manifests.EnumerateArray().Select(m => OciDescriptor.TryRead(m, out var descriptor)
            ? descriptor
            : throw new RegistryException(RegistryFault.Protocol, $"{what} has an entry in index.json that lacks a mediaType, a sha256 digest or a size. Write it again."))];
    }

    private static void RequireFileCap(string what, string name, long length, int cap)
    {
        if (length > cap)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what}: the file '{name}' has more than {cap} bytes, the most that is accepted. Write a smaller one.");
        }
    }

    private static void RequireVersion(string what, JsonElement marker)
    {
        if (OciDescriptor.ReadString(marker, "imageLayoutVersion") != "1.0.0")
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is not of version 1.0.0. Write it again with a current tool.");
        }
    }

    private static void RequireFew(string what, JsonElement manifests)
    {
        if (manifests.GetArrayLength() > MaxEntries)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} lists more than {MaxEntries} manifests, the most that are looked at. Make a layout of the image alone.");
        }
    }

    // A tag alone, or a whole reference that ends in it.
    private static bool Names(OciDescriptor entry, string tag)
    {
        var name = entry.Annotation(RefName) ?? "";
        return name == tag || (name.EndsWith(":" + tag, StringComparison.Ordinal) && name.Contains('/', StringComparison.Ordinal));
    }

    private static bool IsAttachmentName(string name) => name[(name.LastIndexOf(':') + 1)..].StartsWith("sha256-", StringComparison.Ordinal);

    private RegistryException NotFound(string name) =>
        new(RegistryFault.NotFound, $"{name} does not exist in the image layout '{_directory}'. Check the name, or add it with the annotation {RefName}.");
}
