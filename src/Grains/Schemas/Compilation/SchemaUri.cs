namespace Actors.Grains.Schemas;

/// <summary>URI references of schemas, as text without fragment.</summary>
internal static class SchemaUri
{
    /// <summary>Base of a schema without <c>$id</c>; never shown.</summary>
    public const string Default = "https://schema.invalid/root";

    public static bool HasScheme(string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && char.IsAsciiLetter(reference[0]) && reference.AsSpan(0, colon).IndexOfAnyExcept(SchemeCharacters) < 0;
    }

    /// <summary>Resolves without fragment; null when the text is no URI reference.</summary>
    public static string? Resolve(string baseUri, string reference)
    {
        var (path, _) = Split(reference);
        if (path.Length == 0)
        {
            return baseUri;
        }

        // A leading slash would be read as a file path on Unix when the kind is left open.
        var absolute = HasScheme(path);
        if (!Uri.TryCreate(path, absolute ? UriKind.Absolute : UriKind.Relative, out var uri))
        {
            return null;
        }

        return absolute ? uri.AbsoluteUri : Uri.TryCreate(new Uri(baseUri), uri, out var resolved) ? resolved.AbsoluteUri : null;
    }

    public static (string Path, string Fragment) Split(string reference)
    {
        var hash = reference.IndexOf('#', StringComparison.Ordinal);
        return hash < 0 ? (reference, "") : (reference[..hash], Uri.UnescapeDataString(reference[(hash + 1)..]));
    }

    private static readonly System.Buffers.SearchValues<char> SchemeCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
}
