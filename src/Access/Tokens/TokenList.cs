using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Actors.Access.Tokens;

/// <summary>A static token as the file holds it: whose it is, and the token's SHA-256, which does not give the token away.</summary>
internal sealed record TokenEntry(string Subject, FrozenSet<string> Groups, byte[] Hash);

/// <summary>Static tokens.</summary>
internal sealed class TokenList(IReadOnlyList<TokenEntry> entries)
{
    /// <summary>Number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>Whose token it is; null for nobody's. Looks at every entry whichever fits, so that time tells nothing.</summary>
    public Caller? Find(string token)
    {
        if (token.Length is < StaticToken.ShortestToken or > StaticToken.LongestToken)
        {
            return null;
        }

        var hash = StaticToken.HashOf(token);
        TokenEntry? found = null;
        foreach (var entry in entries)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, entry.Hash))
            {
                found = entry;
            }
        }

        return found is null ? null : new Caller(found.Subject, found.Groups, FrozenSet<string>.Empty);
    }
}

/// <summary>How static tokens and their lines are written.</summary>
internal static class StaticToken
{
    /// <summary>Fewer characters are never a token.</summary>
    public const int ShortestToken = 32;

    /// <summary>More characters are never a token.</summary>
    public const int LongestToken = 256;

    /// <summary>Precedes the hash in a line.</summary>
    public const string HashPrefix = "sha256=";

    // Told apart from other secrets by scanners of leaked ones.
    private const string Prefix = "actors_";
    private const int RandomBytes = 32;

    /// <summary>A new token of 256 random bits.</summary>
    public static string New() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>The line that lets the token in.</summary>
    public static string Line(string subject, IEnumerable<string> groups, string token) => $"{subject}:{string.Join(',', groups)}:{HashPrefix}{Convert.ToHexStringLower(HashOf(token))}";

    /// <summary>SHA-256; enough for a random token, which cannot be guessed from it.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Null for a name that may stand in a line; else what is wrong with it.</summary>
    public static string? NameFault(string name) =>
        name.Length is < 1 or > 128 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '@' or '/')
            ? "must be 1 to 128 letters, digits, '.', '_', '-', '@' or '/'"
            : name == Caller.LocalSubject ? $"must not be '{Caller.LocalSubject}', the name of callers without a token" : null;
}
