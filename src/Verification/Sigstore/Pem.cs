using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>PEM blocks of certificates and public keys.</summary>
internal static class Pem
{
    public const string Certificate = "CERTIFICATE";
    public const string PublicKey = "PUBLIC KEY";

    /// <summary>The DER of the only block in the text.</summary>
    public static bool TryReadSingle(string text, [NotNullWhen(true)] out byte[]? der)
    {
        der = TryReadAll(text, max: 1, out var blocks, Certificate, PublicKey) && blocks.Count == 1 ? blocks[0] : null;
        return der is not null;
    }

    /// <summary>The DER of every block; false for a block of another label, or more than <paramref name="max"/> beginnings of one.</summary>
    public static bool TryReadAll(string text, int max, out List<byte[]> blocks, params ReadOnlySpan<string> labels)
    {
        blocks = [];
        var rest = text.AsSpan();
        // Each beginning is followed by a search for its end: without this, a quarter of a megabyte of them takes seconds.
        if (rest.Count("-----BEGIN ") > max)
        {
            return false;
        }

        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (!labels.Contains(rest[fields.Label].ToString()))
            {
                return false;
            }

            blocks.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            rest = rest[fields.Location.End.Value..];
        }

        return true;
    }
}
