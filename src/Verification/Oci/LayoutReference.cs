using System.Diagnostics.CodeAnalysis;

namespace Actors.Verification.Oci;

/// <summary>An image in a layout directory, written <c>oci:PATH</c>, <c>oci:PATH:TAG</c> or <c>oci:PATH@DIGEST</c>.</summary>
/// <param name="Directory">Path as written.</param>
/// <param name="Tag">Null when a digest or nothing was given.</param>
/// <param name="Digest">Null when a tag or nothing was given.</param>
internal sealed record LayoutReference(string Directory, string? Tag, OciDigest? Digest)
{
    private const string Prefix = "oci:";

    /// <summary>False for anything that is not written so.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LayoutReference? reference)
    {
        reference = null;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text[Prefix.Length..];
        if (rest.LastIndexOf('@') is > 0 and var at && OciDigest.TryParse(rest[(at + 1)..], out var digest))
        {
            reference = new LayoutReference(rest[..at], Tag: null, digest);
        }
        else if (rest.LastIndexOf(':') is > 0 and var colon && ImageReference.IsTag(rest[(colon + 1)..]))
        {
            reference = new LayoutReference(rest[..colon], rest[(colon + 1)..], Digest: null);
        }
        else if (rest.Length > 0)
        {
            reference = new LayoutReference(rest, Tag: null, Digest: null);
        }

        return reference is not null;
    }
}
