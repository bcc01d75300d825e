using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Actors.Verification.Oci;

/// <summary>An image reference in its full form: default registry and <c>library/</c> filled in, host in lower case.</summary>
/// <param name="Host">Name or IPv4 address, with <c>:port</c> when one was given.</param>
/// <param name="Repository">Lower-case path.</param>
/// <param name="Tag">As written; <c>latest</c> when neither tag nor digest was given; null when only a digest was.</param>
/// <param name="Digest">Wins over the tag when both are given.</param>
internal sealed record ImageReference(string Host, string Repository, string? Tag, OciDigest? Digest)
{
    /// <summary>Longest reference that is looked at.</summary>
    public const int MaxLength = 512;

    private const int MaxNameLength = 255;
    private const string DefaultHost = "docker.io";
    private const RegexOptions Flags = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
    private const string Label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
    private const string Segment = @"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";

    // `$` would also match before a trailing newline.
    private static readonly Regex HostPattern = new($@"\A(?:{Label}(?:\.{Label})*(?::[0-9]{{1,5}})?)\z", Flags, TimeSpan.FromSeconds(1));
    private static readonly Regex RepositoryPattern = new($@"\A(?:{Segment}(?:/{Segment})*)\z", Flags, TimeSpan.FromSeconds(1));
    private static readonly Regex TagPattern = new(@"\A(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})\z", Flags, TimeSpan.FromSeconds(1));

    /// <summary><c>host/repository</c>: what registry rules match.</summary>
    public string Name => $"{Host}/{Repository}";

    /// <summary>True for a host with an optional port in range.</summary>
    public static bool IsHost(string host) =>
        host.Length <= MaxNameLength && HostPattern.IsMatch(host) && PortInRange(host);

    /// <summary>True for a repository's path.</summary>
    public static bool IsRepository(string name) => name.Length <= MaxNameLength && RepositoryPattern.IsMatch(name);

    /// <summary>True for a tag.</summary>
    public static bool IsTag(string tag) => TagPattern.IsMatch(tag);

    /// <summary>Parses a reference as written; on failure <paramref name="fault"/> says what is wrong with it and how it should look.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference, [NotNullWhen(false)] out string? fault)
    {
        ImageReference? parsed = null;
        var problem = Parse(text, ref parsed);
        (reference, fault) = (parsed!, problem!);
        return problem is null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    private static string? Parse(string? text, ref ImageReference? reference)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return $"it must have 1 to {MaxLength} characters";
        }

        OciDigest? digest = null;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && !OciDigest.TryParse(text[(at + 1)..], out digest))
        {
            return "after '@' there must be 'sha256:' and 64 lower-case hex digits";
        }

        var rest = at < 0 ? text : text[..at];
        var colon = rest.LastIndexOf(':');
        string? tag = null;
        if (colon > rest.LastIndexOf('/'))
        {
            (rest, tag) = (rest[..colon], rest[(colon + 1)..]);
            if (!TagPattern.IsMatch(tag))
            {
                return "the tag must have 1 to 128 letters, digits, '.', '_' or '-' and start with a letter, a digit or '_'";
            }
        }

        var (host, repository) = SplitHost(rest);
        if (!IsHost(host))
        {
            return "the registry must be a host name or IPv4 address with an optional port";
        }

        if (host.Length + repository.Length + 1 > MaxNameLength || !RepositoryPattern.IsMatch(repository))
        {
            return "the repository must be lower-case path segments of letters and digits, separated by '/', at most 255 characters with the registry";
        }

        reference = new ImageReference(host, repository, tag ?? (digest is null ? "latest" : null), digest);
        return null;
    }

    // The first segment is a registry when it could not be a part of a repository's name.
    private static (string Host, string Repository) SplitHost(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isHost = first.AsSpan().ContainsAny(".:") || first == "localhost";
        var host = isHost ? first.ToLowerInvariant() : DefaultHost;
        var repository = isHost ? name[(slash + 1)..] : name;
        if (host == "index.docker.io")
        {
            host = DefaultHost;
        }

        return (host, host == DefaultHost && !repository.Contains('/', StringComparison.Ordinal) ? "library/" + repository : repository);
    }

    private static bool PortInRange(string host)
    {
        var colon = host.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || int.Parse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture) is > 0 and <= ushort.MaxValue;
    }
}
