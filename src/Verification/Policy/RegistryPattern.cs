using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>A pattern over <c>host[:port]/repository</c>. <c>*</c> stands for one path segment or a part of one (never nothing), a final <c>**</c> for one or more segments; the host is literal.
/// The more specific pattern has the longer literal prefix, then more literal characters, then no <c>**</c>, then fewer wildcards: so a pattern that matches a subset always wins.</summary>
internal sealed class RegistryPattern
{
    private const int MaxLength = 255;
    private readonly Regex _regex;
    private readonly (int Prefix, int Literals, int Closed, int Wildcards) _rank;

    private RegistryPattern(string text)
    {
        Text = text;
        var rest = text.EndsWith("/**", StringComparison.Ordinal);
        var body = rest ? text[..^2] : text;
        var expression = Regex.Escape(body).Replace(@"\*", "[^/]+", StringComparison.Ordinal) + (rest ? ".+" : "");
        _regex = new Regex($@"\A(?:{expression})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        var star = text.IndexOf('*', StringComparison.Ordinal);
        var stars = body.Count(c => c == '*');
        _rank = (star < 0 ? text.Length : star, body.Length - stars, rest ? 0 : 1, -stars - (rest ? 1 : 0));
    }

    /// <summary>As written in the policy.</summary>
    public string Text { get; }

    /// <summary>Parses a pattern; on failure <paramref name="fault"/> says what it lacks.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RegistryPattern? pattern, [NotNullWhen(false)] out string? fault)
    {
        pattern = null;
        fault = FaultOf(text);
        if (fault is not null)
        {
            return false;
        }

        pattern = new RegistryPattern(text);
        return true;
    }

    /// <summary>True when it covers the image's registry and repository.</summary>
    public bool Matches(ImageReference image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return _regex.IsMatch(image.Name);
    }

    /// <summary>True for segments of a repository's name.</summary>
    public static bool IsPath(string text) => text.Length <= MaxLength && text.Split('/').All(s => s.Length > 0 && s.All(IsNameChar));

    /// <summary>Positive when this pattern is more specific than the other, zero when neither is.</summary>
    public int CompareSpecificity(RegistryPattern other) => _rank.CompareTo(other._rank);

    private static string? FaultOf(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (text.Length > MaxLength || slash <= 0 || !ImageReference.IsHost(text[..slash]))
        {
            return $"must be 'host[:port]/repository' with a literal, lower-case host and at most {MaxLength} characters";
        }

        var segments = text[(slash + 1)..].Split('/');
        if (text[..slash] == "index.docker.io" || (text[..slash] == "docker.io" && segments.Length == 1 && segments[0] != "**"))
        {
            return "matches no image: Docker Hub's are named 'docker.io/owner/name', its official ones 'docker.io/library/name'";
        }

        for (var i = 0; i < segments.Length; i++)
        {
            var last = i == segments.Length - 1;
            if (segments[i] == "**" ? !last : segments[i].Contains("**", StringComparison.Ordinal))
            {
                return "may hold '**' only as its last segment";
            }

            if (segments[i].Length == 0 || segments[i].Any(c => c != '*' && !IsNameChar(c)))
            {
                return "must have repository segments of lower-case letters, digits, '.', '_', '-' and '*'";
            }
        }

        return null;
    }

    private static bool IsNameChar(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-';
}
