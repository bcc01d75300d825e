using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Actors.Verification.Oci;

/// <summary>A SHA-256 content digest, written <c>sha256:</c> and 64 lower-case hex digits. No other algorithm is accepted.</summary>
internal sealed record OciDigest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private OciDigest(string hex) => Hex = hex;

    /// <summary>64 lower-case hex digits.</summary>
    public string Hex { get; }

    /// <summary>The digest of these bytes.</summary>
    public static OciDigest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <summary>Parses the canonical form and nothing else.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out OciDigest? digest)
    {
        digest = null;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var hex = text[Prefix.Length..];
        if (hex.AsSpan().ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        digest = new OciDigest(hex);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Prefix + Hex;
}
