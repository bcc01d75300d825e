using Actors.Grains.Interfaces;

namespace Actors.Grains.Store;

/// <summary>Text that every database takes and gives back unchanged.</summary>
internal static class StorableText
{
    /// <exception cref="UnstorableException">A text holds U+0000 or half of a surrogate pair.</exception>
    public static void Check(RunId id, params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text is not null && !IsStorable(text))
            {
                throw new UnstorableException(id, "a text holds the character U+0000 or half of a surrogate pair. Leave it out.");
            }
        }
    }

    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i]))))
            {
                return false;
            }
        }

        return true;
    }
}
