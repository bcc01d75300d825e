using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Actors.Verification.Oci;

/// <summary>What an image runs on.</summary>
/// <param name="Os">Such as <c>linux</c>.</param>
/// <param name="Architecture">Go's name, such as <c>amd64</c>.</param>
/// <param name="Variant">Such as <c>v7</c>; null for the architecture's usual one.</param>
internal sealed record OciPlatform(string Os, string Architecture, string? Variant = null)
{
    /// <summary>Linux on this machine's processor.</summary>
    public static OciPlatform Host { get; } = new("linux", RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
        System.Runtime.InteropServices.Architecture.S390x => "s390x",
        _ => RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
    });

    /// <summary>Parses <c>os/architecture[/variant]</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out OciPlatform? platform)
    {
        var parts = text?.Split('/') ?? [];
        platform = parts.Length is 2 or 3 && Array.TrueForAll(parts, p => p.Length is > 0 and <= 32)
            ? new OciPlatform(parts[0], parts[1], parts.Length == 3 ? parts[2] : null)
            : null;
        return platform is not null;
    }

    /// <summary>How well an image for <paramref name="offered"/> runs here: 0 not at all, higher is better. A variant above the wanted one may use what the processor lacks.</summary>
    public int Rate(OciPlatform offered)
    {
        ArgumentNullException.ThrowIfNull(offered);
        if (offered.Os != Os || Canonical(offered.Architecture) != Canonical(Architecture))
        {
            return 0;
        }

        var (most, has) = (Level(this), Level(offered));
        return has > 0 && has <= most ? has : 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    private static string Canonical(string architecture) => architecture switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        _ => architecture,
    };

    // 0 for a variant that is not known: it is never chosen.
    private static int Level(OciPlatform platform) => (Canonical(platform.Architecture), platform.Variant) switch
    {
        ("amd64", null or "") => 1,
        ("arm64", null or "") => 8,
        ("arm", null or "") => 7,
        (_, null or "") => 1,
        (_, ['v', >= '1' and <= '9' and var digit]) => digit - '0',
        _ => 0,
    };
}
