using System.Diagnostics.CodeAnalysis;

namespace Actors.Verification.Cryptography;

/// <summary>Base64 in its one canonical form: padded, no white space, no stray bits.</summary>
internal static class StrictBase64
{
    /// <summary>False for anything but the canonical form of at most <paramref name="maxChars"/> characters.</summary>
    public static bool TryDecode(string text, int maxChars, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0 || text.Length > maxChars)
        {
            return false;
        }

        // The framework skips white space and stray bits; encoding again shows them, and whatever it could not read at all.
        var buffer = new byte[text.Length];
        _ = Convert.TryFromBase64String(text, buffer, out var written);
        if (Convert.ToBase64String(buffer, 0, written) != text)
        {
            return false;
        }

        bytes = buffer[..written];
        return true;
    }
}
