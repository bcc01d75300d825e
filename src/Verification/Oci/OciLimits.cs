namespace Actors.Verification.Oci;

/// <summary>Most of everything that is taken from a registry. What is larger is refused, never cut off.</summary>
internal sealed record OciLimits
{
    /// <summary>Bytes of a manifest, an index, or one page of referrers.</summary>
    public int ManifestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of a referrer's manifest: it only points to what is attached, and many are held at once.</summary>
    public int ReferrerBytes { get; init; } = 256 * 1024;

    /// <summary>Bytes of a signed payload or a bundle.</summary>
    public int PayloadBytes { get; init; } = 1024 * 1024;

    /// <summary>Bytes of all that is attached to one image and looked at: manifests, payloads and bundles.</summary>
    public int AttachedBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Referrers of one image.</summary>
    public int Referrers { get; init; } = 50;

    /// <summary>Pages of referrers.</summary>
    public int ReferrerPages { get; init; } = 10;

    /// <summary>Signatures of one image.</summary>
    public int Signatures { get; init; } = 20;

    /// <summary>Redirects of one blob.</summary>
    public int Redirects { get; init; } = 3;

    /// <summary>Bytes of a token endpoint's answer.</summary>
    public int TokenBytes { get; init; } = 64 * 1024;

    /// <summary>How long one request to a mirror may take before the next is asked.</summary>
    public TimeSpan MirrorTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a mirror that took longer is not asked again.</summary>
    public TimeSpan MirrorPause { get; init; } = TimeSpan.FromSeconds(30);
}
